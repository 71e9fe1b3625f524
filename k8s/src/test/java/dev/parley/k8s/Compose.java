package dev.parley.k8s;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The Compose file, read as Compose reads it: parse, then put the variables in. */
record Compose(Map<String, Object> document) {
    static final String FILE = "docker-compose.yml";

    /** {@code ${NAME}}, {@code ${NAME:-default}}, {@code ${NAME:?message}}, or the escaped dollar. */
    private static final Pattern VARIABLE = Pattern.compile("\\$\\$|\\$\\{([A-Z0-9_]+)(?:(:[-?])([^}]*))?}|\\$");

    static Compose read() {
        return new Compose(Yaml.document(Checkout.text(FILE)));
    }

    /** A required variable that is missing or empty, with the words Compose would stop with. */
    static final class Missing extends RuntimeException {
        Missing(String message) {
            super(message);
        }
    }

    /** Every breach of what this repository wants of its Compose file; empty = none. */
    List<String> findings() {
        List<String> found = new ArrayList<>(Schemas.COMPOSE.findings(document));
        if (!found.isEmpty()) {
            return found;
        }
        for (String name : services().keySet()) {
            Map<String, Object> service = service(name);
            String image = (String) service.get("image");
            if (!image.contains(":") || image.endsWith(":latest")) {
                found.add(name + " runs " + image + ": no fixed version");
            }
            if (image.startsWith("parley/") && !image.endsWith("${PARLEY_VERSION:-" + Checkout.version() + "}")) {
                found.add(name + " runs " + image + "; this is release " + Checkout.version());
            }
            if (!name.equals("postgres")
                    && !(Boolean.TRUE.equals(service.get("read_only"))
                            && List.of("ALL").equals(service.get("cap_drop"))
                            && List.of("no-new-privileges:true").equals(service.get("security_opt")))) {
                found.add(name + " may do more than it needs");
            }
            environment(name).forEach((key, value) -> {
                if (key.matches(".*(PASSWORD|SECRET|KEYS?)") && !value.startsWith("${")) {
                    found.add(name + " holds " + key + " in the file");
                }
                if (key.matches("(POSTGRES|PG|PARLEY_DB)_?PASSWORD|TENANT_ENCRYPTION_KEY") && !value.contains(":?")) {
                    found.add(name + " would start without " + key);
                }
            });
        }
        if (services().keySet().stream()
                .anyMatch(name -> service(name).containsKey("ports") && !name.equals("ingest"))) {
            found.add("something else than ingest has an open port");
        }
        if (!"postgres-data:/var/lib/postgresql"
                .equals(list("postgres", "volumes").get(0))) {
            found.add("the data of postgres is not on its volume");
        }
        order(found);
        for (Program program : Program.values()) {
            program(program, found);
        }
        Set<String> users = new TreeSet<>();
        for (String name : List.of("migrations", "ingest", "worker")) {
            if (!users.add(environment(name).get("PARLEY_DB_USER"))) {
                found.add(name + " shares its login with another service");
            }
        }
        return found;
    }

    private void order(List<String> found) {
        Map<String, String> wanted = Map.of(
                "migrations", "postgres service_healthy",
                "logins", "migrations service_completed_successfully",
                "ingest", "logins service_completed_successfully",
                "worker", "logins service_completed_successfully");
        wanted.forEach((name, before) -> {
            String[] parts = before.split(" ");
            if (!(service(name).get("depends_on") instanceof Map<?, ?> dependencies)
                    || !Map.of("condition", parts[1]).equals(dependencies.get(parts[0]))) {
                found.add("%s does not wait for %s (%s)".formatted(name, parts[0], parts[1]));
            }
        });
    }

    private void program(Program program, List<String> found) {
        String name = program.container;
        if (service(name).get("healthcheck") == null
                || !healthcheck(program).contains("/dev/tcp/127.0.0.1/" + program.managementPort + " ")
                || !healthcheck(program).contains("GET /q/health/ready ")) {
            found.add(name + " is not asked for its health on the management port");
        }
        Duration stop = program.stop(environment(name)::get);
        String grace = (String) service(name).getOrDefault("stop_grace_period", "10s");
        if (Duration.parse("PT" + grace).minus(stop).compareTo(Program.SLACK) < 0) {
            found.add("%s gets %s to stop and may need %d s and some slack".formatted(name, grace, stop.toSeconds()));
        }
        if (list(name, "ports").stream().anyMatch(port -> !port.endsWith(":" + program.httpPort))) {
            found.add(name + " publishes another port than the program's");
        }
    }

    /** The shell line that asks {@code program} for its health, as the container will see it. */
    String healthcheck(Program program) {
        List<?> test = (List<?>) ((Map<?, ?>) service(program.container).get("healthcheck")).get("test");
        return interpolate((String) test.get(test.size() - 1), Map.of());
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> services() {
        return (Map<String, Object>) document.get("services");
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> service(String name) {
        return (Map<String, Object>) services().get(name);
    }

    @SuppressWarnings("unchecked")
    Map<String, String> environment(String service) {
        return (Map<String, String>) service(service).getOrDefault("environment", Map.of());
    }

    @SuppressWarnings("unchecked")
    private List<String> list(String service, String field) {
        return (List<String>) service(service).getOrDefault(field, List.of());
    }

    /** Puts {@code variables} in everywhere. */
    void interpolateAll(Map<String, String> variables) {
        texts(document, new ArrayList<>()).forEach(text -> interpolate(text, variables));
    }

    /** The names of all variables the file asks for. */
    Set<String> variables() {
        Set<String> names = new LinkedHashSet<>();
        for (String text : texts(document, new ArrayList<>())) {
            VARIABLE.matcher(text)
                    .results()
                    .filter(found -> found.group(1) != null)
                    .forEach(found -> names.add(found.group(1)));
        }
        return names;
    }

    private static List<String> texts(Object node, List<String> found) {
        if (node instanceof Map<?, ?> map) {
            map.values().forEach(value -> texts(value, found));
        } else if (node instanceof List<?> items) {
            items.forEach(item -> texts(item, found));
        } else if (node instanceof String text) {
            found.add(text);
        }
        return found;
    }

    private static String interpolate(String text, Map<String, String> variables) {
        return VARIABLE.matcher(text).replaceAll(found -> {
            if (found.group().equals("$$")) {
                return Matcher.quoteReplacement("$");
            }
            if (found.group(1) == null) {
                throw new IllegalArgumentException("Compose would refuse the lone $ in: " + text);
            }
            String value = variables.getOrDefault(found.group(1), "");
            if (value.isEmpty() && ":?".equals(found.group(2))) {
                throw new Missing(found.group(3));
            }
            return Matcher.quoteReplacement(value.isEmpty() && ":-".equals(found.group(2)) ? found.group(3) : value);
        });
    }
}
