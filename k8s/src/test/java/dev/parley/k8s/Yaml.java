package dev.parley.k8s;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** YAML 1.2 as it stands: a key given twice is an error, {@code no} is a word and {@code 5432} is a number. */
final class Yaml {
    private Yaml() {}

    /** Every document that is not empty. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> documents(String text) {
        LoadSettings strict =
                LoadSettings.builder().setAllowDuplicateKeys(false).build();
        List<Map<String, Object>> documents = new ArrayList<>();
        for (Object document : new Load(strict).loadAllFromString(text)) {
            if (document instanceof Map<?, ?> map) {
                documents.add((Map<String, Object>) map);
            } else if (document != null) {
                throw new IllegalArgumentException("a document is no mapping: " + document);
            }
        }
        return documents;
    }

    static Map<String, Object> document(String text) {
        List<Map<String, Object>> documents = documents(text);
        if (documents.size() != 1) {
            throw new IllegalArgumentException("one document expected, found " + documents.size());
        }
        return documents.get(0);
    }
}
