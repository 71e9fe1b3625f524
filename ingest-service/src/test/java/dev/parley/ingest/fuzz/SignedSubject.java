package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** A source that the tenant described in its settings: Stripe. */
public final class SignedSubject implements FuzzSubject {
    private static final String SECRET = "whsec_fuzz_stripe";

    @Override
    public String provider() {
        return "signed.stripe";
    }

    @Override
    public JsonObject settings(String tag) {
        return new JsonObject().put("signed", new JsonObject().put("stripe", new JsonObject().put("preset", "stripe")));
    }

    @Override
    public List<String> secrets() {
        return List.of(SECRET);
    }

    @Override
    public List<byte[]> samples(String tag, long number) {
        return List.of(new JsonObject()
                .put("id", "evt_" + tag + "-" + number)
                .put("object", "event")
                .put("api_version", "2025-10-29")
                .put("created", 1_763_720_129)
                .put("livemode", false)
                .put("type", "payment_intent.succeeded")
                .put(
                        "data",
                        new JsonObject()
                                .put(
                                        "object",
                                        new JsonObject()
                                                .put("id", "pi_1")
                                                .put("amount", 2_000)
                                                .put("currency", "eur")))
                .toBuffer()
                .getBytes());
    }

    @Override
    public Map<String, String> sign(String path, byte[] body, long number) {
        long at = Instant.now().getEpochSecond();
        byte[] hash = Keyed.hash("HmacSHA256", Keyed.utf8(SECRET), Keyed.utf8(at + "."), body);
        return Map.of(
                "Content-Type",
                "application/json",
                "Stripe-Signature",
                "t=" + at + ",v1=" + HexFormat.of().formatHex(hash));
    }

    @Override
    public boolean isSameEvent(JsonObject stored, byte[] body) {
        Object id = FuzzSubject.json(body).getValue("id");
        return id != null && String.valueOf(id).equals(String.valueOf(stored.getValue("id")));
    }
}
