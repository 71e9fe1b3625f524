package dev.parley.ingest.provider.signed;

import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Descriptions that are known. What a vendor does not sign (GitHub's and Shopify's delivery ids) is no id here: their
 * events are recognised by their bodies.
 */
final class Presets {
    private static final Map<String, JsonObject> BY_NAME = Map.of(
            // Stripe, "Receive Stripe events in your webhook endpoint: verify signatures manually"
            "stripe",
            new JsonObject("""
                    {"header": "Stripe-Signature", "scheme": "pairs", "signature_key": "v1", "timestamp_key": "t",
                     "algorithm": "sha256", "encoding": "hex", "template": "{timestamp}.{body}", "tolerance_seconds": 300,
                     "event_id": "/id", "event_type": "/type"}
                    """),
            // GitHub, "Validating webhook deliveries"
            "github",
            new JsonObject("""
                    {"header": "X-Hub-Signature-256", "scheme": "plain", "prefix": "sha256=",
                     "algorithm": "sha256", "encoding": "hex", "template": "{body}",
                     "type_header": "X-GitHub-Event"}
                    """),
            // Slack, "Verifying requests from Slack"; "url_verification event"
            "slack",
            new JsonObject("""
                    {"header": "X-Slack-Signature", "scheme": "plain", "prefix": "v0=",
                     "algorithm": "sha256", "encoding": "hex", "template": "v0:{timestamp}:{body}",
                     "timestamp_header": "X-Slack-Request-Timestamp", "tolerance_seconds": 300,
                     "event_id": "/event_id", "event_type": "/event/type",
                     "challenge": {"when": {"/type": "url_verification"}, "answer": "/challenge"}}
                    """),
            // Shopify, "Deliver webhooks through HTTPS: validate the origin"
            "shopify",
            new JsonObject("""
                    {"header": "X-Shopify-Hmac-Sha256", "scheme": "plain",
                     "algorithm": "sha256", "encoding": "base64", "template": "{body}",
                     "type_header": "X-Shopify-Topic"}
                    """));

    private Presets() {}

    static Set<String> names() {
        return new TreeSet<>(BY_NAME.keySet());
    }

    /** A copy of it; empty = there is none of this name. */
    static JsonObject of(String name) {
        JsonObject preset = BY_NAME.get(name);
        return preset == null ? new JsonObject() : preset.copy();
    }
}
