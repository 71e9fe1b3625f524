package dev.parley.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The typed model keeps what it does not know instead of refusing it, at every level; the API server drops it without a
 * word. So a misspelled field would mean nothing, quietly. This finds them.
 */
final class UnknownFields {
    private UnknownFields() {}

    /** The path of each unknown field below {@code resource}. */
    static List<String> in(Object resource) {
        List<String> found = new ArrayList<>();
        walk(resource, resource.getClass().getSimpleName(), found);
        return found;
    }

    private static void walk(Object value, String path, List<String> found) {
        if (value instanceof Iterable<?> items) {
            int index = 0;
            for (Object item : items) {
                walk(item, path + "[" + index++ + "]", found);
            }
        } else if (value instanceof Map<?, ?> entries) {
            entries.forEach((key, entry) -> walk(entry, path + "." + key, found));
        } else if (value != null
                && !(value instanceof GenericKubernetesResource)
                && value.getClass().getName().startsWith("io.fabric8.kubernetes.api.model")
                && !value.getClass().isEnum()) {
            for (Class<?> type = value.getClass(); type != Object.class; type = type.getSuperclass()) {
                for (Field field : type.getDeclaredFields()) {
                    if (!Modifier.isStatic(field.getModifiers())) {
                        walkField(value, field, path, found);
                    }
                }
            }
        }
    }

    private static void walkField(Object value, Field field, String path, List<String> found) {
        try {
            field.setAccessible(true);
            Object content = field.get(value);
            if (field.getName().equals("additionalProperties")) {
                ((Map<?, ?>) content).keySet().forEach(unknown -> found.add(path + "." + unknown));
            } else {
                walk(content, path + "." + field.getName(), found);
            }
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }
}
