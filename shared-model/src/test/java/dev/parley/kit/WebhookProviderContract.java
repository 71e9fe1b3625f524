package dev.parley.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.parley.inbound.EventKey;
import dev.parley.inbound.Payload;
import dev.parley.spi.Delivery;
import dev.parley.spi.Reading;
import dev.parley.spi.Verdict;
import dev.parley.spi.WebhookProvider;
import dev.parley.tenant.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every {@link WebhookProvider} must keep. A vendor's test says how the vendor signs; the rest is here. */
public abstract class WebhookProviderContract {
    private static final Instant NOW = Instant.parse("2026-11-21T10:15:30Z");

    protected abstract WebhookProvider provider();

    /** What the tenant has; empty where the provider's keys are its own. */
    protected abstract List<Secret> secrets();

    /** What another tenant has. Not asked where the provider's keys are its own. */
    protected abstract List<Secret> somebodyElsesSecrets();

    /** As a name in {@link #signed}: not a header but where the request goes, for vendors that sign that. */
    protected static final String TARGET = ":target";

    /** The headers with which the vendor would send {@code body}; every one of them is needed. */
    protected abstract Map<String, String> signed(byte[] body, Instant at);

    /** The body of an ordinary message. */
    protected abstract byte[] body();

    /** Another body, of another event. */
    protected abstract byte[] otherBody();

    /** False for vendors that only show a secret. */
    protected boolean signsTheBody() {
        return true;
    }

    // --- genuine

    @Test
    void what_the_vendor_sent_is_genuine() {
        assertThat(verdict(body(), signed(body(), NOW))).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void header_names_in_any_case_and_order_are_genuine() {
        List<Map.Entry<String, String>> entries =
                new ArrayList<>(signed(body(), NOW).entrySet());
        java.util.Collections.reverse(entries);
        Map<String, String> shuffled = new LinkedHashMap<>();
        entries.forEach(header -> {
            shuffled.put("X-Unrelated-" + shuffled.size(), "noise");
            shuffled.put(header.getKey().toUpperCase(Locale.ROOT), header.getValue());
        });

        assertThat(verdict(body(), shuffled)).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void nothing_is_parsed_before_it_is_verified() {
        byte[] notJson = {'{', 0, (byte) 0xFF, '"'};

        assertThat(verdict(notJson, signed(notJson, NOW))).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void an_empty_body_can_be_genuine() {
        assertThat(verdict(new byte[0], signed(new byte[0], NOW))).isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void an_older_secret_still_verifies() {
        assumeTrue(provider().scope() == WebhookProvider.Scope.TENANT);
        List<Secret> rotated = new ArrayList<>(somebodyElsesSecrets());
        rotated.addAll(secrets());

        assertThat(provider().verify(delivery(body(), signed(body(), NOW)), rotated))
                .isInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void every_secret_is_tried_whatever_is_presented_and_whichever_matches() {
        assumeTrue(provider().scope() == WebhookProvider.Scope.TENANT);
        List<Secret> known = new ArrayList<>(secrets());
        known.addAll(somebodyElsesSecrets());
        AtomicInteger tried = new AtomicInteger();
        List<Secret> counted = new AbstractList<>() {
            @Override
            public Secret get(int at) {
                tried.incrementAndGet();
                return known.get(at);
            }

            @Override
            public int size() {
                return known.size();
            }
        };
        Map<String, String> elsewhere = signed(otherBody(), NOW);
        for (Map<String, String> headers : List.of(signed(body(), NOW), elsewhere, Map.<String, String>of())) {
            tried.set(0);

            provider().verify(delivery(body(), headers), counted);

            // Time tells neither which secret it was nor that there was nothing to compare.
            assertThat(tried).as("%s", headers.keySet()).hasValue(known.size());
        }
    }

    // --- forged

    @Test
    void a_tampered_byte_is_refused_wherever_it_is() {
        assumeTrue(signsTheBody(), "this vendor does not sign the body");
        Map<String, String> headers = signed(body(), NOW);
        for (int at = 0; at < body().length; at++) {
            byte[] tampered = body().clone();
            tampered[at] ^= 1;
            assertThat(verdict(tampered, headers)).as("byte %d", at).isNotInstanceOf(Verdict.Genuine.class);
        }
    }

    @Test
    void a_byte_more_or_less_is_refused() {
        assumeTrue(signsTheBody(), "this vendor does not sign the body");
        Map<String, String> headers = signed(body(), NOW);

        assertThat(verdict(java.util.Arrays.copyOf(body(), body().length - 1), headers))
                .isNotInstanceOf(Verdict.Genuine.class);
        assertThat(verdict(java.util.Arrays.copyOf(body(), body().length + 1), headers))
                .isNotInstanceOf(Verdict.Genuine.class);
    }

    @Test
    void without_any_headers_it_is_refused() {
        assertThat(verdict(body(), Map.of())).isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void each_missing_header_is_a_refusal() {
        signed(body(), NOW).keySet().forEach(missing -> {
            Map<String, String> headers = new LinkedHashMap<>(signed(body(), NOW));
            headers.remove(missing);
            assertThat(verdict(body(), headers)).as("without %s", missing).isInstanceOf(Verdict.Forged.class);
        });
    }

    @Test
    void a_header_that_stands_there_twice_is_a_refusal_even_if_both_are_good() {
        signed(body(), NOW).forEach((twice, value) -> {
            Map<String, List<String>> headers = lists(signed(body(), NOW));
            headers.put(twice, List.of(value, value));
            assertThat(provider().verify(sent(body(), headers, NOW), secrets()))
                    .as("%s twice", twice)
                    .isInstanceOf(Verdict.Forged.class);
        });
    }

    @Test
    void worthless_header_values_are_refusals() {
        for (String worthless : List.of("", " ", "N/A", "null", "====", "v1,", ".", "-1", "\u00e9", "x".repeat(5000))) {
            signed(body(), NOW).keySet().forEach(name -> {
                Map<String, String> headers = new LinkedHashMap<>(signed(body(), NOW));
                headers.put(name, worthless);
                assertThat(verdict(body(), headers))
                        .as("%s: '%s'", name, worthless)
                        .isNotInstanceOf(Verdict.Genuine.class);
            });
        }
    }

    @Test
    void another_tenants_secret_does_not_verify() {
        assumeTrue(provider().scope() == WebhookProvider.Scope.TENANT);

        assertThat(provider().verify(delivery(body(), signed(body(), NOW)), somebodyElsesSecrets()))
                .isInstanceOf(Verdict.Forged.class);
    }

    @Test
    void without_a_secret_nothing_is_genuine() {
        assumeTrue(provider().scope() == WebhookProvider.Scope.TENANT);

        assertThat(provider().verify(delivery(body(), signed(body(), NOW)), List.of()))
                .isInstanceOf(Verdict.Forged.class);
    }

    // --- the key

    @Test
    void the_same_delivery_has_the_same_key() {
        assertThat(key(body(), signed(body(), NOW))).isEqualTo(key(body(), signed(body(), NOW)));
    }

    @Test
    void another_event_has_another_key() {
        assertThat(key(body(), signed(body(), NOW)).value())
                .isNotEqualTo(key(otherBody(), signedAsAnother(otherBody())).value());
    }

    /** Where the id of the delivery is a header, the other event needs another one. */
    protected Map<String, String> signedAsAnother(byte[] body) {
        return signed(body, NOW);
    }

    @Test
    void unsigned_headers_do_not_change_the_key() {
        Map<String, String> headers = new LinkedHashMap<>(signed(body(), NOW));
        headers.put("X-Delivery-Id", "fresh-" + System.nanoTime());
        headers.put("deliveryId", "fresh");
        headers.put("X-Request-Id", "fresh");

        assertThat(key(body(), headers)).isEqualTo(key(body(), signed(body(), NOW)));
    }

    @Test
    void the_key_is_led_by_the_provider_and_fits_the_index() {
        assertThat(key(body(), signed(body(), NOW)).value())
                .startsWith(provider().name() + ":")
                .hasSizeLessThanOrEqualTo(400);
    }

    // --- robustness

    @Test
    void garbage_never_throws() {
        Random random = new Random(20261121);
        for (int round = 0; round < 300; round++) {
            byte[] garbage = garbage(random);
            Map<String, String> headers = new LinkedHashMap<>(signed(garbage, NOW));
            if (round % 3 == 0) {
                headers.replaceAll((name, value) -> new String(garbage, StandardCharsets.ISO_8859_1));
            }
            assertThatCode(() -> {
                        Verdict verdict = verdict(garbage, headers);
                        assertThat(verdict).isNotNull();
                        Delivery delivery = delivery(garbage, headers);
                        assertThat(provider().read(delivery, provider().payload(delivery)))
                                .isNotNull();
                    })
                    .as("round %d", round)
                    .doesNotThrowAnyException();
        }
    }

    /** Half of it random bytes, half of it the ordinary body with something of it replaced. */
    private byte[] garbage(Random random) {
        if (random.nextBoolean()) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            return noise;
        }
        String text = new String(body(), StandardCharsets.UTF_8);
        int colon = text.indexOf(':', random.nextInt(Math.max(1, text.length() - 1)));
        String[] odd = {"{}", "[]", "null", "17", "true", "\"\"", "[[\"x\"]]", "{\"a\":{}}", "1e5", "\"\\u0000\""};
        int end = colon < 0 ? -1 : text.indexOf(',', colon);
        return (end < 0 ? text : text.substring(0, colon + 1) + odd[random.nextInt(odd.length)] + text.substring(end))
                .getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void every_value_may_have_any_type() {
        String text = new String(body(), StandardCharsets.UTF_8);
        List<String> names = new ArrayList<>(Payload.json(body()).content().fieldNames());
        for (String odd : List.of("{}", "[]", "null", "17", "1.5", "true", "\"\"", "\" \"")) {
            for (String name : names) {
                byte[] changed = new io.vertx.core.json.JsonObject(text)
                        .put(name, new io.vertx.core.json.JsonObject("{\"v\":" + odd + "}").getValue("v"))
                        .toBuffer()
                        .getBytes();
                Delivery delivery = delivery(changed, signed(changed, NOW));
                assertThatCode(() -> assertThat(
                                        provider().read(delivery, provider().payload(delivery)))
                                .isNotNull())
                        .as("%s = %s", name, odd)
                        .doesNotThrowAnyException();
            }
        }
    }

    @Test
    void the_name_can_stand_in_a_url() {
        assertThat(provider().name()).matches("[a-z0-9]+([.-][a-z0-9]+)*");
    }

    @Test
    void a_vendor_is_sent_away_with_a_status_it_retries() {
        assertThat(provider().retryLaterStatus()).isIn(429, 503);
    }

    // --- for subclasses

    protected final Verdict verdict(byte[] body, Map<String, String> headers) {
        return provider().verify(delivery(body, headers), secrets());
    }

    protected final Delivery delivery(byte[] body, Map<String, String> headers) {
        return deliveryAt(body, headers, NOW);
    }

    protected final Delivery deliveryAt(byte[] body, Map<String, String> headers, Instant at) {
        return sent(body, lists(headers), at);
    }

    private static Delivery sent(byte[] body, Map<String, List<String>> headers, Instant at) {
        Map<String, List<String>> real = new LinkedHashMap<>(headers);
        String target = "";
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            if (header.getKey().equalsIgnoreCase(TARGET)) {
                real.remove(header.getKey());
                target = String.join("", header.getValue());
            }
        }
        return new Delivery(body, target, real, at, 0);
    }

    /** What one genuine body is read as. */
    protected final Reading.Event event(String body) {
        return event(body.getBytes(StandardCharsets.UTF_8));
    }

    protected final Reading.Event event(byte[] body) {
        Delivery delivery = delivery(body, signed(body, NOW));
        Reading reading = provider().read(delivery, provider().payload(delivery));
        assertThat(reading).isInstanceOf(Reading.Events.class);
        List<Reading.Event> events = ((Reading.Events) reading).events();
        assertThat(events).hasSize(1);
        return events.get(0);
    }

    private EventKey key(byte[] body, Map<String, String> headers) {
        Delivery delivery = delivery(body, headers);
        return ((Reading.Events) provider().read(delivery, provider().payload(delivery)))
                .events()
                .get(0)
                .key();
    }

    private static Map<String, List<String>> lists(Map<String, String> headers) {
        Map<String, List<String>> lists = new LinkedHashMap<>();
        headers.forEach((name, value) -> lists.put(name, List.of(value)));
        return lists;
    }
}
