package dev.parley.k8s;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Two ways to the documents of an overlay: as kustomize renders them, and as they are written. */
final class Kustomize {
    private Kustomize() {}

    /** Whether {@code kubectl} is on the path. It needs no cluster for this. */
    static boolean available() {
        return isOnPath("kubectl");
    }

    static boolean isOnPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        for (String directory : path.split(File.pathSeparator)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    /** What {@code kubectl apply -k} would send. */
    static List<Map<String, Object>> render(String overlay) {
        try {
            Path out = Files.createTempFile("overlay", ".yaml");
            Path err = Files.createTempFile("overlay", ".err");
            try {
                Process kubectl = new ProcessBuilder(
                                "kubectl",
                                "kustomize",
                                Checkout.root().resolve(overlay).toString())
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .start();
                if (!kubectl.waitFor(60, TimeUnit.SECONDS)) {
                    kubectl.destroyForcibly();
                    throw new IllegalStateException("kubectl kustomize did not end within a minute");
                }
                if (kubectl.exitValue() != 0 || Files.size(err) > 0) {
                    throw new IllegalStateException("kubectl kustomize " + overlay + ": " + Files.readString(err));
                }
                return Yaml.documents(Files.readString(out));
            } finally {
                Files.delete(out);
                Files.delete(err);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /**
     * The files an overlay is made of, unpatched: what its kustomizations list, with ConfigMaps made and image tags set
     * as they say. Less than kustomize does, enough to hold every rule against every file where there is no kubectl.
     */
    static List<Map<String, Object>> assemble(String overlay) {
        List<Map<String, Object>> documents = new ArrayList<>();
        Map<String, Map<String, Object>> configMaps = new LinkedHashMap<>();
        Map<String, String> images = new LinkedHashMap<>();
        collect(Checkout.root().resolve(overlay).normalize(), documents, configMaps, images);
        configMaps.forEach((name, data) -> documents.add(
                Map.of("apiVersion", "v1", "kind", "ConfigMap", "metadata", Map.of("name", name), "data", data)));
        documents.forEach(document -> setImages(document, images));
        return documents;
    }

    private static void collect(
            Path directory,
            List<Map<String, Object>> documents,
            Map<String, Map<String, Object>> configMaps,
            Map<String, String> images) {
        Map<String, Object> kustomization = Yaml.document(read(directory.resolve("kustomization.yaml")));
        for (String field : List.of("resources", "components")) {
            for (Object entry : list(kustomization, field)) {
                Path path = directory.resolve((String) entry).normalize();
                if (Files.isDirectory(path)) {
                    collect(path, documents, configMaps, images);
                } else {
                    documents.addAll(Yaml.documents(read(path)));
                }
            }
        }
        for (Object entry : list(kustomization, "configMapGenerator")) {
            Map<?, ?> generator = (Map<?, ?>) entry;
            Map<String, Object> data =
                    configMaps.computeIfAbsent((String) generator.get("name"), name -> new LinkedHashMap<>());
            for (Object literal : list(generator, "literals")) {
                String[] parts = ((String) literal).split("=", 2);
                data.put(parts[0], parts[1]);
            }
            for (Object file : list(generator, "files")) {
                data.put((String) file, read(directory.resolve((String) file)));
            }
        }
        for (Object entry : list(kustomization, "images")) {
            Map<?, ?> image = (Map<?, ?>) entry;
            Object name = image.get("newName") == null ? image.get("name") : image.get("newName");
            images.put((String) image.get("name"), name + ":" + image.get("newTag"));
        }
    }

    @SuppressWarnings("unchecked")
    private static void setImages(Object node, Map<String, String> images) {
        if (node instanceof Map<?, ?> map) {
            if (map.get("image") instanceof String image && images.containsKey(image)) {
                ((Map<String, Object>) map).put("image", images.get(image));
            }
            map.values().forEach(value -> setImages(value, images));
        } else if (node instanceof List<?> items) {
            items.forEach(item -> setImages(item, images));
        }
    }

    private static List<?> list(Map<?, ?> map, String field) {
        return map.get(field) instanceof List<?> found ? found : List.of();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
