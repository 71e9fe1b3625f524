package dev.parley.k8s;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The form that says which Secrets the manifests ask for. */
final class SecretTemplate {
    static final String FILE = "k8s/secrets.example.yaml";
    static final String PLACEHOLDER = "REPLACE-ME";

    private SecretTemplate() {}

    static List<Map<String, Object>> documents() {
        return Yaml.documents(Checkout.text(FILE));
    }

    /** The keys of each Secret, by its name. */
    static Map<String, Set<String>> keys() {
        Map<String, Set<String>> keys = new LinkedHashMap<>();
        values().forEach((name, values) -> keys.put(name, values.keySet()));
        return keys;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Map<String, String>> values() {
        Map<String, Map<String, String>> values = new LinkedHashMap<>();
        for (Map<String, Object> secret : documents()) {
            String name = (String) ((Map<String, Object>) secret.get("metadata")).get("name");
            values.put(name, (Map<String, String>) secret.get("stringData"));
        }
        return values;
    }
}
