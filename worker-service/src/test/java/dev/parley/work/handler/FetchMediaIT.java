package dev.parley.work.handler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.kit.JobHandlerContract;
import dev.parley.kit.TestDatabase;
import dev.parley.kit.VendorServer;
import dev.parley.kit.VendorServer.Behaviour;
import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.AdapterException;
import dev.parley.spi.AdapterException.Kind;
import dev.parley.spi.LeasedJobHandler.Finished;
import dev.parley.spi.LeasedJobHandler.Step;
import dev.parley.spi.Outcome;
import dev.parley.work.outside.Networks;
import dev.parley.work.outside.OutsideHttp;
import dev.parley.work.outside.UrlGuard;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FetchMediaIT extends JobHandlerContract {
    @RegisterExtension
    static final TestDatabase db = TestDatabase.create();

    private final VendorServer files = new VendorServer();
    private final OutsideHttp http = new OutsideHttp(
            db.vertx().getDelegate(),
            new UrlGuard(FetchMediaIT::resolve, Networks.of("test", List.of("127.0.0.1"))),
            Duration.ofSeconds(2));
    private Stage stage = new Stage(db);
    private FetchMedia media = stage.media(new MediaCheck(http, Map.of(), Clock.systemUTC()));

    private static Uni<List<InetAddress>> resolve(String host) {
        return switch (host) {
            case "metadata.example.com" -> addresses("169.254.169.254");
            case "rebinding.example.com" -> addresses("93.184.215.14", "10.0.0.1");
            default -> Uni.createFrom().failure(new UnknownHostException(host));
        };
    }

    private static Uni<List<InetAddress>> addresses(String... literals) {
        List<InetAddress> all = new ArrayList<>();
        for (String literal : literals) {
            try {
                all.add(InetAddress.getByName(literal));
            } catch (UnknownHostException e) {
                return Uni.createFrom().failure(e);
            }
        }
        return Uni.createFrom().item(all);
    }

    @AfterEach
    void close() {
        http.close();
        files.close();
    }

    @Override
    protected TestDatabase database() {
        return db;
    }

    @Override
    protected List<Job> jobsWithAnEffect() {
        files.always("HEAD /a.png", Behaviour.answer(200, Map.of("Content-Type", "image/png"), ""));
        comes("+1800", files.url() + "/a.png");
        comes("+1801", "https://metadata.example.com/");
        stage.processInbound();
        return stage.jobs(JobType.FETCH_MEDIA);
    }

    /** Begin, call and finish through one transaction: the contract is about the rows. */
    @Override
    protected Uni<List<Outcome>> handle(SqlConnection tx, List<Job> jobs) {
        return media.begin(tx, jobs).chain(steps -> {
            List<Outcome> outcomes = new ArrayList<>();
            List<Uni<Finished<FetchMedia.Found>>> calls = new ArrayList<>();
            for (int at = 0; at < jobs.size(); at++) {
                Job job = jobs.get(at);
                if (steps.get(at) instanceof Step.Call<FetchMedia.Found> call) {
                    calls.add(call.call()
                            .get()
                            .map(result -> new Finished<>(job, result, null))
                            .onFailure()
                            .recoverWithItem(failure -> new Finished<>(job, null, failure)));
                } else if (steps.get(at) instanceof Step.Settle<FetchMedia.Found> settle) {
                    outcomes.add(settle.outcome());
                }
            }
            return calls.isEmpty()
                    ? Uni.createFrom().item(outcomes)
                    : Uni.join()
                            .all(calls)
                            .andFailFast()
                            .chain(finished -> media.finish(tx, finished))
                            .map(more -> {
                                outcomes.addAll(more);
                                return outcomes;
                            });
        });
    }

    /** A message with these attachments; none = a voice note that GoHighLevel does not show yet. */
    private UUID comes(String address, String... urls) {
        return stage.event(
                "ghl",
                "inbound_message",
                "process_inbound_message",
                address,
                "in-" + address,
                new JsonObject()
                        .put("type", "InboundMessage")
                        .put("messageType", "WhatsApp")
                        .put("body", "")
                        .put("attachments", new JsonArray(List.of(urls)))
                        .put("contactId", "c-" + address));
    }

    private Outcome fetch() {
        List<Job> jobs = stage.jobs(JobType.FETCH_MEDIA);
        assertThat(jobs).hasSize(1);
        return inTransaction(tx -> handle(tx, jobs)).get(0);
    }

    private List<JsonObject> stored(UUID event) {
        return new JsonObject(
                        db.value(String.class, "SELECT payload::text FROM bot.messages WHERE message_id = ?", event))
                .getJsonArray("media").stream().map(JsonObject.class::cast).toList();
    }

    private JsonObject only(UUID event) {
        List<JsonObject> all = stored(event);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    private void age(UUID event, Duration age) {
        db.execute(
                "UPDATE bot.messages SET created_at = now() - ? * interval '1 second' WHERE message_id = ?",
                age.toSeconds(),
                event);
    }

    private void attempts(int number) {
        db.execute("UPDATE bot.job_queue SET attempts = ? WHERE job_type = 'fetch_media'", number);
    }

    @Test
    void media_that_are_there_are_recorded_with_type_and_size() {
        files.on("HEAD /a.png", Behaviour.answer(200, Map.of("Content-Type", "image/png", "Content-Length", "12"), ""));
        UUID event = comes("+1810", files.url() + "/a.png");
        stage.processInbound();

        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getMap())
                .containsEntry("state", "available")
                .containsEntry("mime_type", "image/png")
                .containsEntry("bytes", 12)
                .containsEntry("url", files.url() + "/a.png")
                .containsKey("checked_at")
                .doesNotContainKey("reason");
        assertThat(stage.vendor.askedForMedia).isEmpty();
    }

    @Test
    void late_media_are_asked_for_until_they_are_shown() {
        files.on("HEAD /voice.ogg", Behaviour.answer(200, Map.of("Content-Type", "audio/ogg"), ""));
        UUID event = comes("+1811");
        stage.processInbound();

        assertThat(fetch()).isEqualTo(Outcome.snooze("the provider shows no media yet", Duration.ofSeconds(2)));
        assertThat(only(event).getString("state")).isEqualTo("late");
        age(event, Duration.ofSeconds(16));
        assertThat(fetch())
                .isInstanceOfSatisfying(
                        Outcome.Snooze.class,
                        snooze -> assertThat(snooze.after()).isBetween(Duration.ofSeconds(15), Duration.ofSeconds(30)));
        age(event, Duration.ofSeconds(300));
        assertThat(fetch()).isEqualTo(Outcome.snooze("the provider shows no media yet", Duration.ofMinutes(1)));
        stage.vendor.onMedia = id -> Uni.createFrom()
                .item(new JsonArray().add(new JsonObject().put("kind", "file").put("url", files.url() + "/voice.ogg")));
        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getMap())
                .containsEntry("state", "available")
                .containsEntry("url", files.url() + "/voice.ogg");
        assertThat(stage.vendor.askedForMedia).hasSize(4).containsOnly("in-+1811");
    }

    @Test
    void media_that_are_never_shown_end_with_the_reason() {
        UUID event = comes("+1812");
        stage.processInbound();
        age(event, Duration.ofMinutes(11));

        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getMap())
                .containsEntry("state", "gone")
                .containsEntry("reason", "the provider shows no media, asked for 11 min");
    }

    @Test
    void a_message_that_the_provider_does_not_know_yet_is_asked_for_again_and_not_for_ever() {
        UUID event = comes("+1813");
        stage.processInbound();
        stage.vendor.onMedia =
                id -> Uni.createFrom().failure(new AdapterException(Kind.REFUSED, "GoHighLevel answered 400"));

        assertThat(fetch()).isEqualTo(Outcome.snooze("GoHighLevel answered 400 yet", Duration.ofSeconds(2)));
        age(event, Duration.ofMinutes(10));
        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getString("reason")).startsWith("GoHighLevel answered 400, asked for 10 min");
    }

    @ParameterizedTest
    @CsvSource({"TRANSIENT, PT7S", "AMBIGUOUS, PT7S", "UNAUTHORIZED, PT5M"})
    void trouble_with_the_provider_is_tried_again(Kind kind, Duration after) {
        UUID event = comes("+1814");
        stage.processInbound();
        stage.vendor.onMedia =
                id -> Uni.createFrom().failure(new AdapterException(kind, "trouble", Duration.ofSeconds(7), null));

        assertThat(fetch()).isEqualTo(Outcome.retry("trouble", after));

        assertThat(only(event).getString("state")).isEqualTo("late");
    }

    @Test
    void a_provider_that_says_too_fast_pauses_the_tenants_fetching_and_nothing_else() {
        comes("+1815");
        stage.processInbound();
        stage.vendor.onMedia = id -> Uni.createFrom()
                .failure(new AdapterException(Kind.THROTTLED, "slow down", Duration.ofSeconds(9), null));

        assertThat(fetch()).isEqualTo(Outcome.pauseTenant("slow down", Duration.ofSeconds(9)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data/",
                "https://2852039166/",
                "https://0xa9fea9fe/",
                "https://0251.0376.0251.0376/",
                "http://[::ffff:127.0.0.1]/",
                "https://metadata.example.com/",
                "https://rebinding.example.com/",
                "https://files.example.com@127.0.0.1/",
                "https://metadata.example.com:8443/",
                "file:///etc/passwd",
                "not a url"
            })
    void a_hostile_url_is_refused_and_recorded_so(String url) {
        UUID event = comes("+1820", url);
        stage.processInbound();

        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getMap())
                .containsEntry("state", "refused")
                .containsEntry("url", url)
                .containsKey("reason");
        assertThat(files.requests()).isEmpty();
    }

    @Test
    void a_provider_that_shows_a_hostile_url_late_is_refused_too() {
        UUID event = comes("+1821");
        stage.processInbound();
        stage.vendor.onMedia = id ->
                Uni.createFrom().item(new JsonArray().add(new JsonObject().put("url", "http://169.254.169.254/")));

        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getString("state")).isEqualTo("refused");
    }

    @Test
    void only_hosts_that_provider_or_tenant_allow_are_called() {
        media = stage.media(new MediaCheck(http, Map.of("ghl", List.of("cdn.example.com")), Clock.systemUTC()));
        UUID event = comes("+1822", files.url() + "/a.png");
        stage.processInbound();
        assertThat(fetch()).isEqualTo(Outcome.done());
        assertThat(only(event).getString("reason")).isEqualTo("its host is not among those allowed");

        files.on("HEAD /a.png", Behaviour.answer(200, Map.of(), ""));
        stage = new Stage(db, "{\"media\": {\"hosts\": [\"127.0.0.1\", 5]}}");
        media = stage.media(new MediaCheck(http, Map.of("ghl", List.of("cdn.example.com")), Clock.systemUTC()));
        UUID other = comes("+1822", files.url() + "/a.png");
        stage.processInbound();
        assertThat(fetch()).isEqualTo(Outcome.done());
        assertThat(only(other).getString("state")).isEqualTo("available");
    }

    @ParameterizedTest
    @CsvSource({"404, gone", "410, gone", "401, unchecked", "403, unchecked", "405, unchecked"})
    void what_a_server_answers_is_told_and_settled(int status, String state) {
        files.on("HEAD /a.png", Behaviour.answer(status, Map.of(), ""));
        UUID event = comes("+1830", files.url() + "/a.png");
        stage.processInbound();

        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(only(event).getMap())
                .containsEntry("state", state)
                .containsEntry("reason", "its server answered " + status);
    }

    @Test
    void a_server_in_trouble_is_asked_again_a_few_times_and_then_left() {
        files.on("HEAD /ok.png", Behaviour.answer(200, Map.of(), ""));
        files.always("HEAD /a.png", Behaviour.answer(503, Map.of(), ""));
        UUID event = comes(
                "+1831", files.url() + "/a.png", files.url() + "/ok.png", "https://nobody.example.com/secret?token=x");
        stage.processInbound();
        attempts(1);

        assertThat(fetch()).isInstanceOf(Outcome.Retry.class);
        assertThat(stored(event))
                .extracting(media -> media.getString("state"))
                .containsExactly("unchecked", "available", "unchecked");
        attempts(3);
        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(stored(event))
                .extracting(media -> media.getString("reason"))
                .containsExactly("its server answered 503", null, "nobody knows its host");
        assertThat(files.requests("HEAD /ok.png"))
                .as("what is known is not asked for again")
                .hasSize(1);
    }

    @Test
    void of_very_many_references_the_first_twenty_count() {
        files.always("HEAD /a.png", Behaviour.answer(200, Map.of(), ""));
        String[] urls = new String[30];
        java.util.Arrays.fill(urls, files.url() + "/a.png");
        UUID event = comes("+1832", urls);
        stage.processInbound();

        assertThat(fetch()).isEqualTo(Outcome.done());

        assertThat(stored(event))
                .hasSize(20)
                .allMatch(one -> one.getString("state").equals("available"));
    }

    @Test
    void a_job_without_its_message_is_a_dead_letter() {
        UUID event = comes("+1833");
        stage.processInbound();
        db.execute("DELETE FROM bot.messages WHERE message_id = ?", event);

        assertThat(fetch()).isInstanceOf(Outcome.Bury.class);
    }
}
