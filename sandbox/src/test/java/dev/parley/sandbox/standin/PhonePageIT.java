package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class PhonePageIT {
    private static final Location HERE = Location.of("LocationHere00000001", "Harbour Dental", "+15559876543");

    private final Receiver receiver = new Receiver();
    private final GhlStandIn standIn = GhlStandIn.start(Options.defaults()
            .withLocations(HERE, Location.of("LocationThere0000002", "Corner Garage", "+15559876544"))
            .withWebhooks(Options.defaults().webhooks().to(receiver.url()).withDeliveredAfter(Duration.ofMillis(100))));

    @AfterEach
    void stop() {
        standIn.close();
        receiver.close();
    }

    @Test
    void the_page_is_one_file_that_may_load_nothing_else() throws Exception {
        Api api = new Api(standIn.url());

        HttpResponse<String> first = api.send(api.bare("/phone"));
        HttpResponse<String> second = api.send(api.bare("/phone"));

        assertThat(first.statusCode()).isEqualTo(200);
        String policy = first.headers().firstValue("Content-Security-Policy").orElse("");
        assertThat(policy)
                .contains("default-src 'none'", "script-src 'nonce-", "style-src 'nonce-", "frame-ancestors 'none'")
                .doesNotContain("unsafe");
        assertThat(policy)
                .as("a nonce is used once")
                .isNotEqualTo(
                        second.headers().firstValue("Content-Security-Policy").orElse(""));
        assertThat(first.body()).doesNotContain("{{").doesNotContain("innerHTML");
        assertThat(first.body().replace("data:,", "")).doesNotContainPattern("(?:src|href)=\"(?!data:)[^\"]");
        assertThat(first.body()).doesNotContainPattern("https?://");
    }

    @Nested
    class InABrowser {
        private static Browser browser;

        @BeforeAll
        static void launch() throws Exception {
            Optional<String> binary = Browser.installed();
            Assumptions.assumeTrue(
                    binary.isPresent(),
                    "no chromium on the PATH and CHROMIUM_BIN not set: the phone page is not tried in a browser");
            browser = new Browser(binary.get());
        }

        @AfterAll
        static void end() throws Exception {
            if (browser != null) {
                browser.close();
            }
        }

        @BeforeEach
        void open() throws Exception {
            browser.size(1100, 800, false);
            browser.scheme("light");
            browser.open(standIn.phoneUrl());
            browser.forgetComplaints();
            waitFor("document.querySelector('#location') && document.querySelector('#location').options.length === 2");
        }

        /** Away from the page before its server stops. */
        @AfterEach
        void leave() throws Exception {
            browser.open(URI.create("about:blank"));
            waitFor("location.href === 'about:blank'");
        }

        @Test
        void a_customer_is_created_writes_and_reads_the_reply() throws Exception {
            receiver.answers(number -> new Receiver.Reply(
                    200,
                    "{\"status\":\"accepted\",\"trace_id\":\"0192abcd00007000800000000000000" + number % 10 + "\"}",
                    null));

            startChat();
            browser.click("#text");
            browser.type("Do you have a slot <b>tomorrow</b>?");
            browser.press("Enter", 13);

            waitFor("document.querySelector('.mine .text')?.textContent === 'Do you have a slot <b>tomorrow</b>?'");
            waitFor("document.querySelector('.mine .state')?.textContent === 'accepted'");
            waitFor("document.querySelector('.mine .trace')?.dataset.trace === '0192abcd000070008000000000000001'");
            Contact ada = standIn.contact(HERE.id(), "+15550100001");
            assertThat(ada.name()).isEqualTo("Ada Lovelace");

            Api api = new Api(standIn.url());
            api.sendMessage(
                    standIn.issueTokens(HERE.id()).access().reveal(),
                    new JsonObject()
                            .put("type", "SMS")
                            .put("contactId", ada.id())
                            .put("message", "Yes: 10:00 or 14:30.\nWhich one?"));

            waitFor("document.querySelector('.theirs .text')?.textContent.startsWith('Yes: 10:00')");
            waitFor("document.querySelector('.theirs .good')?.textContent === 'delivered'");
            assertThat(browser.eval("document.querySelector('.theirs .who').textContent"))
                    .isEqualTo("Bot");
            assertThat(browser.complaints()).isEmpty();
        }

        @Test
        void send_twice_delivers_one_message_two_times() throws Exception {
            receiver.answers(number -> new Receiver.Reply(
                    200,
                    "{\"status\":\"" + (number == 1 ? "accepted" : "duplicate") + "\",\"trace_id\":\"abcdef01\"}",
                    null));

            startChat();
            browser.click("#text");
            browser.type("Hello");
            browser.click("#twice");

            waitFor("[...document.querySelectorAll('.mine .state')].map(e => e.textContent).sort().join()"
                    + " === 'accepted,duplicate'");
            assertThat(standIn.messages(HERE.id(), "+15550100001")).hasSize(1);
            assertThat(browser.eval("document.querySelectorAll('.mine .trace').length"))
                    .as("both copies have the first one's trace")
                    .isEqualTo(1);
        }

        @Test
        void a_human_agent_answers_in_another_colour_and_name() throws Exception {
            startChat();
            browser.click("#text");
            browser.type("Anna here, let me help");
            browser.click("#human");

            waitFor("document.querySelector('.theirs.human .who')?.textContent === 'Human agent'");
            assertThat(standIn.messages(HERE.id(), "+15550100001"))
                    .extracting(Message::source)
                    .containsExactly("app");
        }

        @Test
        void a_webhook_that_is_not_taken_shows_why_and_that_it_is_tried_again() throws Exception {
            standIn.changeWebhooks(
                    standIn.webhooks().withRetry(new RetryPolicy(12, Duration.ofSeconds(2), Duration.ofSeconds(2), 1)));
            receiver.answers(number -> Receiver.Reply.status(number == 1 ? 503 : 200));

            startChat();
            browser.click("#text");
            browser.type("Hello?");
            browser.click("#send");

            waitFor(
                    "document.querySelector('.mine .state.bad')?.textContent === 'attempt 1 answered 503, trying again'");
            waitFor("document.querySelector('.mine .state.good')?.textContent === 'taken (200)'");
        }

        @Test
        void a_sandbox_that_is_down_is_told_and_no_longer_when_it_is_back() throws Exception {
            startChat();
            int port = standIn.port();
            standIn.close();
            waitFor("document.querySelector('#alert').textContent.includes('does not answer')");

            try (GhlStandIn back =
                    GhlStandIn.start(Options.defaults().onPort(port).withLocations(HERE))) {
                back.addContact(HERE.id(), "+15550100007", "Grace Hopper");
                waitFor("document.querySelector('#contacts').textContent.includes('Grace Hopper')");
                leave();
            }
        }

        @Test
        void whoever_reads_further_up_is_left_there_and_whoever_is_at_the_end_stays_at_the_end() throws Exception {
            startChat();
            for (int i = 0; i < 12; i++) {
                standIn.customerWrites(HERE.id(), "+15550100001", null, "line\nline\nline " + i)
                        .get();
            }
            String toEnd = "(l => l.scrollHeight - l.scrollTop - l.clientHeight)(document.querySelector('#log'))";
            waitFor("document.querySelectorAll('.mine').length === 12 && " + toEnd + " < 2");

            JsonObject wheel = new JsonObject()
                    .put("type", "mouseWheel")
                    .put("x", 700)
                    .put("y", 300)
                    .put("deltaX", 0)
                    .put("deltaY", -400);
            browser.call("Input.dispatchMouseEvent", wheel);
            waitFor(toEnd + " > 300");
            standIn.customerWrites(HERE.id(), "+15550100001", null, "the newest")
                    .get();
            waitFor("document.querySelectorAll('.mine').length === 13");
            assertThat(browser.holds(toEnd + " > 300")).isTrue();

            browser.call("Input.dispatchMouseEvent", wheel.put("deltaY", 4000));
            waitFor(toEnd + " < 2");
            browser.size(390, 700, true);
            waitFor(toEnd + " < 2");
        }

        @Test
        void a_wrong_number_is_refused_in_words() throws Exception {
            browser.eval("document.querySelector('#number').value = '0155'");
            browser.click("#newCustomer button");

            waitFor("document.querySelector('#alert').textContent.includes('must look like +15551234567')"
                    + " && !document.querySelector('#alert').hidden");
        }

        @Test
        void a_reloaded_page_is_in_the_same_chat() throws Exception {
            startChat();
            browser.click("#text");
            browser.type("Remember me");
            browser.click("#send");
            waitFor("document.querySelector('.mine')");

            browser.eval("location.reload()");

            waitFor("document.querySelector('.mine .text')?.textContent === 'Remember me'");
        }

        @Test
        void a_chat_of_one_business_is_not_shown_in_another() throws Exception {
            standIn.customerWrites(HERE.id(), "+15550100001", "Ada", "secret").get();
            startChat();
            waitFor("document.querySelector('.mine')");

            browser.eval("{ const s = document.querySelector('#location'); s.value = 'LocationThere0000002';"
                    + " s.dispatchEvent(new Event('change')); }");

            waitFor("document.querySelectorAll('.bubble').length === 0");
            assertThat(browser.holds("document.querySelectorAll('#contacts li').length === 0"))
                    .isTrue();
        }

        @Test
        void a_customer_who_turns_up_moves_nothing_that_is_about_to_be_clicked() throws Exception {
            String where = "document.querySelector('#newCustomer button').getBoundingClientRect().top";
            Object before = browser.eval(where);

            standIn.customerWrites(HERE.id(), "+15550100002", "Grace Hopper", "Hello")
                    .get();
            waitFor("document.querySelectorAll('#contacts li').length === 1");

            assertThat(browser.eval(where)).isEqualTo(before);
        }

        @Test
        void a_list_that_did_not_change_is_left_as_it_is() throws Exception {
            standIn.customerWrites(HERE.id(), "+15550100002", "Grace Hopper", "Hello")
                    .get();
            waitFor("document.querySelectorAll('#contacts li').length === 1");
            browser.eval("window.pressed = document.querySelector('#contacts button')");

            browser.eval("look()");

            assertThat(browser.holds("window.pressed.isConnected")).isTrue();
        }

        @Test
        void it_fits_a_phone_and_a_desktop_in_light_and_dark_and_every_control_has_a_name() throws Exception {
            receiver.answers(number -> new Receiver.Reply(
                    200,
                    "{\"status\":\"accepted\",\"trace_id\":\"0192abcd-0000-7000-8000-00000000000" + number % 10 + "\"}",
                    null));
            startChat();
            standIn.customerWrites(HERE.id(), "+15550100001", null, "Hello, is anybody there?")
                    .get();
            standIn.customerWrites(HERE.id(), "+15550100001", null, "averyveryverylongwordwithoutanyspace".repeat(6))
                    .get();
            standIn.humanWrites(HERE.id(), "+15550100001", Channel.SMS, "u", "Anna here, one moment please.")
                    .get();
            Api api = new Api(standIn.url());
            api.sendMessage(
                    standIn.issueTokens(HERE.id()).access().reveal(),
                    new JsonObject()
                            .put("type", "SMS")
                            .put(
                                    "contactId",
                                    standIn.contact(HERE.id(), "+15550100001").id())
                            .put("message", "Thank you for writing to Harbour Dental. How can we help?"));
            waitFor("document.querySelectorAll('.bubble').length === 4");
            waitFor(
                    "document.querySelectorAll('.theirs .state').length >= 2 && [...document.querySelectorAll('.theirs .state')].every(e => e.textContent === '2 echoes taken')");

            for (int width : new int[] {320, 390, 768, 1100}) {
                browser.size(width, 760, width < 700);
                for (String scheme : new String[] {"light", "dark"}) {
                    browser.scheme(scheme);
                    assertThat(
                                    browser.holds(
                                            "document.documentElement.scrollWidth <= innerWidth"
                                                    + " && document.querySelector('#log').scrollWidth <= document.querySelector('#log').clientWidth"))
                            .as("nothing sticks out at %d", width)
                            .isTrue();
                    assertThat(browser.holds(
                                    "(() => { const r = document.querySelector('#human').getBoundingClientRect();"
                                            + " return r.bottom <= innerHeight && r.right <= innerWidth; })()"))
                            .as("the buttons are on the screen at %d", width)
                            .isTrue();
                    waitFor("(l => l.scrollHeight - l.scrollTop - l.clientHeight < 2)(document.querySelector('#log'))");
                    browser.screenshot(Path.of("target", "phone-" + width + "-" + scheme + ".png"));
                }
            }
            assertThat(browser.controls())
                    .extracting(Map.Entry::getKey)
                    .contains("button", "textbox", "combobox", "log", "main");
            assertThat(browser.controls())
                    .allSatisfy(control -> assertThat(control.getValue())
                            .as(control.toString())
                            .isNotBlank());
            assertThat(lowestContrast()).as("WCAG AA").isGreaterThanOrEqualTo(4.5);

            browser.size(390, 760, true);
            browser.click("#toPeople");
            assertThat(browser.holds("document.querySelector('#newCustomer button').offsetWidth > 0"))
                    .isTrue();
            browser.screenshot(Path.of("target", "phone-390-people.png"));
        }

        private void startChat() throws Exception {
            browser.click("#newCustomer button");
            waitFor("!document.querySelector('#composer').hidden");
        }

        /** Of every text on the page against what is painted behind it, in light and in dark. */
        private double lowestContrast() throws Exception {
            double lowest = 21;
            for (String scheme : new String[] {"light", "dark"}) {
                browser.scheme(scheme);
                Object found = browser.eval("""
                        (() => {
                          const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
                          const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                            .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
                            .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
                          const behind = e => { for (; e; e = e.parentElement) {
                            const c = rgb(getComputedStyle(e).backgroundColor);
                            if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
                          let lowest = 21;
                          for (const e of document.querySelectorAll('body *')) {
                            const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
                            if (!own || !e.offsetWidth || e.tagName === 'SCRIPT' || e.tagName === 'OPTION') continue;
                            const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
                            lowest = Math.min(lowest, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
                          }
                          return lowest;
                        })()
                        """);
                lowest = Math.min(lowest, ((Number) found).doubleValue());
            }
            return lowest;
        }

        private void waitFor(String condition) {
            await(condition).atMost(Duration.ofSeconds(15)).ignoreExceptions().until(() -> browser.holds(condition));
        }
    }
}
