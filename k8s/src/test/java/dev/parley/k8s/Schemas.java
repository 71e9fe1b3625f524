package dev.parley.k8s;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/**
 * Schemas for what has no typed model here. Each names every field we use and forbids the rest, so a new field is first
 * looked up, then added.
 */
enum Schemas {
    KUSTOMIZATION("kustomization.schema.json"),
    SCALED_OBJECT("scaled-object.schema.json"),
    TRIGGER_AUTHENTICATION("trigger-authentication.schema.json"),
    PROMETHEUS_RULE("prometheus-rule.schema.json"),
    COMPOSE("compose.schema.json");

    private static final ObjectMapper JSON = new ObjectMapper();
    private final JsonSchema schema;

    Schemas(String file) {
        try (InputStream in = Schemas.class.getResourceAsStream(file)) {
            this.schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What is wrong with {@code document}, with the place; empty = nothing. */
    List<String> findings(Map<String, Object> document) {
        return schema.validate(JSON.valueToTree(document)).stream()
                .map(ValidationMessage::getMessage)
                .sorted()
                .toList();
    }
}
