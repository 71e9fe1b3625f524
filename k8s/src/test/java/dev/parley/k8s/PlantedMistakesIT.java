package dev.parley.k8s;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A rule that never fails is no rule: each one meets the mistakes it is there for. */
class PlantedMistakesIT {
    /** @param plant breaks the documents of the production overlay */
    private record Mistake(Rule rule, String what, Consumer<Documents> plant) {}

    private static String original;

    @BeforeAll
    static void render() {
        List<Map<String, Object>> documents = Kustomize.available()
                ? Kustomize.render("k8s/overlays/production")
                : Kustomize.assemble("k8s/overlays/production");
        original = new ObjectMapper().valueToTree(documents).toString();
    }

    private static final List<Mistake> MISTAKES = List.of(
            new Mistake(Rule.PARSES_STRICTLY, "a misspelled field", d -> {
                Map<String, Object> pod = d.at("Deployment", "parley-worker", "spec", "template", "spec");
                pod.put("terminationGracePeriodSecond", pod.remove("terminationGracePeriodSeconds"));
            }),
            new Mistake(
                    Rule.PARSES_STRICTLY,
                    "a misspelled field deep inside",
                    d -> d.container("parley-ingest").put("imagePullPolice", "Always")),
            new Mistake(
                    Rule.PARSES_STRICTLY,
                    "a number where a text belongs",
                    d -> d.list(d.container("parley-worker"), "env").add(Map.of("name", "X", "value", 5))),
            new Mistake(
                    Rule.PARSES_STRICTLY,
                    "a text where a number belongs",
                    d -> d.at("Deployment", "parley-worker", "spec", "template", "spec")
                            .put("terminationGracePeriodSeconds", "45")),
            new Mistake(
                    Rule.PARSES_STRICTLY,
                    "a field KEDA does not know",
                    d -> d.at("ScaledObject", "parley-worker", "spec").put("maxReplicas", 4)),
            new Mistake(
                    Rule.PARSES_STRICTLY,
                    "a number KEDA wants as text",
                    d -> d.trigger().put("targetQueryValue", 500)),
            new Mistake(
                    Rule.PARSES_STRICTLY, "no query for KEDA", d -> d.trigger().remove("query")),
            new Mistake(Rule.PARSES_STRICTLY, "a kind nobody knows", d -> d.add("example.com/v1", "Gadget", "g")),
            new Mistake(
                    Rule.ONE_NAMESPACE,
                    "a stray namespace",
                    d -> d.at("Service", "parley-ingest", "metadata").put("namespace", "default")),
            new Mistake(
                    Rule.ONE_NAMESPACE,
                    "lax admission",
                    d -> d.at("Namespace", "parley", "metadata", "labels")
                            .put("pod-security.kubernetes.io/enforce", "baseline")),
            new Mistake(
                    Rule.PROBES_ASK_MANAGEMENT,
                    "health asked on the public port",
                    d -> d.in(d.container("parley-ingest"), "readinessProbe", "httpGet")
                            .put("port", "http")),
            new Mistake(
                    Rule.PROBES_ASK_MANAGEMENT,
                    "liveness that asks the database",
                    d -> d.in(d.container("parley-worker"), "livenessProbe", "httpGet")
                            .put("path", "/q/health")),
            new Mistake(
                    Rule.PROBES_ASK_MANAGEMENT,
                    "no startup probe",
                    d -> d.container("parley-worker").remove("startupProbe")),
            new Mistake(
                    Rule.PORTS_ARE_THE_PROGRAMS,
                    "a port nobody listens on",
                    d -> d.first(d.container("parley-worker"), "ports").put("containerPort", 8080)),
            new Mistake(
                    Rule.PORTS_ARE_THE_PROGRAMS,
                    "metrics read from the wrong port",
                    d -> d.at("Deployment", "parley-worker", "spec", "template", "metadata", "annotations")
                            .put("prometheus.io/port", "9000")),
            new Mistake(
                    Rule.GRACE_FITS_THE_DRAIN,
                    "Kubernetes' own thirty seconds",
                    d -> d.at("Deployment", "parley-worker", "spec", "template", "spec")
                            .remove("terminationGracePeriodSeconds")),
            new Mistake(
                    Rule.GRACE_FITS_THE_DRAIN,
                    "a delay that nobody added",
                    d -> d.env("parley-ingest", "QUARKUS_SHUTDOWN_DELAY").put("value", "20S")),
            new Mistake(
                    Rule.GRACE_FITS_THE_DRAIN,
                    "an unspoken timeout",
                    d -> d.list(d.container("parley-ingest"), "env")
                            .removeIf(variable ->
                                    ((Map<?, ?>) variable).get("name").equals("QUARKUS_SHUTDOWN_TIMEOUT"))),
            new Mistake(
                    Rule.IMAGES_ARE_PINNED,
                    "the newest image",
                    d -> d.container("parley-ingest").put("image", "registry.example.com/parley/ingest:latest")),
            new Mistake(
                    Rule.IMAGES_ARE_PINNED,
                    "no tag, and a port that looks like one",
                    d -> d.container("parley-ingest").put("image", "registry.example.com:5000/parley/ingest")),
            new Mistake(
                    Rule.IMAGES_ARE_PINNED,
                    "an old release",
                    d -> d.container("parley-worker").put("image", "registry.example.com/parley/worker:0.0.9")),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "root",
                    d -> d.in(d.pod("Deployment", "parley-ingest"), "securityContext")
                            .put("runAsNonRoot", false)),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "user 0",
                    d -> d.in(d.pod("Job", "parley-migrations"), "securityContext")
                            .put("runAsUser", 0)),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "a container that loosens its pod",
                    d -> d.in(d.container("parley-worker"), "securityContext").put("runAsUser", 0)),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "a writable image",
                    d -> d.in(d.container("parley-worker"), "securityContext").remove("readOnlyRootFilesystem")),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "a capability",
                    d -> d.in(d.container("parley-worker"), "securityContext", "capabilities")
                            .put("add", List.of("NET_ADMIN"))),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "no seccomp",
                    d -> d.in(d.pod("Deployment", "parley-ingest"), "securityContext")
                            .remove("seccompProfile")),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "a directory of the node",
                    d -> d.list(d.pod("Deployment", "parley-ingest"), "volumes")
                            .add(Map.of("name", "host", "hostPath", Map.of("path", "/")))),
            new Mistake(
                    Rule.PODS_ARE_RESTRICTED,
                    "root in an init container",
                    d -> d.pod("Deployment", "parley-ingest")
                            .put("initContainers", List.of(Map.of("name", "chown", "image", "busybox:1.37")))),
            new Mistake(
                    Rule.RESOURCES_ARE_BOUNDED,
                    "no memory limit",
                    d -> d.in(d.container("parley-worker"), "resources", "limits")
                            .remove("memory")),
            new Mistake(
                    Rule.RESOURCES_ARE_BOUNDED,
                    "an endless /tmp",
                    d -> d.in(d.first(d.pod("Deployment", "parley-worker"), "volumes"), "emptyDir")
                            .clear()),
            new Mistake(
                    Rule.PODS_GET_NO_CREDENTIALS,
                    "a token",
                    d -> d.pod("Deployment", "parley-worker").remove("automountServiceAccountToken")),
            new Mistake(
                    Rule.PODS_GET_NO_CREDENTIALS,
                    "service links",
                    d -> d.pod("Deployment", "parley-ingest").remove("enableServiceLinks")),
            new Mistake(
                    Rule.PODS_GET_NO_CREDENTIALS,
                    "an account that does not exist",
                    d -> d.pod("Deployment", "parley-ingest").put("serviceAccountName", "parley")),
            new Mistake(
                    Rule.ONE_OWNER_OF_REPLICAS,
                    "replicas beside an autoscaler",
                    d -> d.at("Deployment", "parley-worker", "spec").put("replicas", 3)),
            new Mistake(
                    Rule.ONE_OWNER_OF_REPLICAS,
                    "KEDA and an autoscaler on one target",
                    d -> d.in(d.document("HorizontalPodAutoscaler", "parley-ingest"), "spec", "scaleTargetRef")
                            .put("name", "parley-worker")),
            new Mistake(
                    Rule.ONE_OWNER_OF_REPLICAS,
                    "a target that does not exist",
                    d -> d.at("ScaledObject", "parley-worker", "spec", "scaleTargetRef")
                            .put("name", "parley-workers")),
            new Mistake(
                    Rule.ONE_OWNER_OF_REPLICAS,
                    "a single worker",
                    d -> d.at("ScaledObject", "parley-worker", "spec").put("minReplicaCount", 1)),
            new Mistake(Rule.SELECTORS_LAST, "a version in a selector", d -> {
                for (String[] path :
                        new String[][] {{"spec", "selector", "matchLabels"}, {"spec", "template", "metadata", "labels"}
                        }) {
                    d.at("Deployment", "parley-ingest", path).put("app.kubernetes.io/version", "0.1.0");
                }
            }),
            new Mistake(
                    Rule.SELECTORS_LAST,
                    "a selector that misses its pods",
                    d -> d.at("Deployment", "parley-ingest", "spec", "selector", "matchLabels")
                            .put("app.kubernetes.io/name", "ingest")),
            new Mistake(
                    Rule.BUDGETS_SELECT,
                    "a budget for nobody",
                    d -> d.at("PodDisruptionBudget", "parley-worker", "spec", "selector", "matchLabels")
                            .put("app.kubernetes.io/name", "worker")),
            new Mistake(
                    Rule.BUDGETS_SELECT,
                    "a budget that holds every node",
                    d -> d.at("PodDisruptionBudget", "parley-worker", "spec").put("maxUnavailable", 0)),
            new Mistake(Rule.BUDGETS_SELECT, "no budget", d -> d.remove("PodDisruptionBudget", "parley-ingest")),
            new Mistake(
                    Rule.SERVICES_REACH_THE_DOOR,
                    "metrics on the public service",
                    d -> d.list(d.at("Service", "parley-ingest", "spec"), "ports")
                            .add(Map.of("name", "metrics", "port", 9000, "targetPort", "management"))),
            new Mistake(
                    Rule.SERVICES_REACH_THE_DOOR,
                    "a service for nobody",
                    d -> d.at("Service", "parley-ingest", "spec", "selector").put("app.kubernetes.io/name", "ingest")),
            new Mistake(
                    Rule.SERVICES_REACH_THE_DOOR,
                    "a port that does not exist",
                    d -> d.first(d.at("Service", "parley-ingest", "spec"), "ports")
                            .put("targetPort", "web")),
            new Mistake(
                    Rule.DATABASE_TRAFFIC_IS_SEALED,
                    "a way back to plain text",
                    d -> d.documents.stream()
                            .filter(document -> document.get("kind").equals("ConfigMap"))
                            .map(document -> d.in(document, "data"))
                            .filter(data -> data.containsKey("PARLEY_DB_SSLMODE"))
                            .forEach(data -> data.put("PARLEY_DB_SSLMODE", "prefer"))),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED, "nothing closed", d -> d.remove("NetworkPolicy", "parley-deny-by-default")),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED,
                    "a policy for nobody",
                    d -> d.at("NetworkPolicy", "parley-vendors", "spec", "podSelector", "matchLabels")
                            .put("app.kubernetes.io/name", "worker")),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED,
                    "everybody may read metrics",
                    d -> d.first(d.at("NetworkPolicy", "parley-monitoring", "spec"), "ingress")
                            .remove("from")),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED,
                    "the cloud's metadata within reach",
                    d -> d.in(
                                    d.first(d.first(d.at("NetworkPolicy", "parley-vendors", "spec"), "egress"), "to"),
                                    "ipBlock")
                            .remove("except")),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED,
                    "the database on another port than the configuration's",
                    d -> d.first(d.first(d.at("NetworkPolicy", "parley-database", "spec"), "egress"), "ports")
                            .put("port", 6432)),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED,
                    "ingest calls the internet",
                    d -> d.at("NetworkPolicy", "parley-vendors", "spec", "podSelector", "matchLabels")
                            .put("app.kubernetes.io/name", "parley-ingest")),
            new Mistake(
                    Rule.TRAFFIC_IS_NAMED,
                    "a door that does not exist",
                    d -> d.first(d.first(d.at("NetworkPolicy", "parley-webhooks", "spec"), "ingress"), "ports")
                            .put("port", "web")),
            new Mistake(Rule.TRAFFIC_IS_NAMED, "no names", d -> d.remove("NetworkPolicy", "parley-names")),
            new Mistake(
                    Rule.REFERENCES_RESOLVE,
                    "a key that does not exist",
                    d -> d.in(d.env("parley-worker", "PARLEY_DB_HOST"), "valueFrom", "configMapKeyRef")
                            .put("key", "DB_HOST")),
            new Mistake(
                    Rule.REFERENCES_RESOLVE,
                    "a Secret that nobody is told to create",
                    d -> d.in(d.env("parley-worker", "PARLEY_DB_PASSWORD"), "valueFrom", "secretKeyRef")
                            .put("name", "parley-database")),
            new Mistake(
                    Rule.REFERENCES_RESOLVE,
                    "a variable used before it is set",
                    d -> d.env("parley-worker", "PARLEY_DB_URL")
                            .put("value", "postgresql://$(PARLEY_DATABASE_HOST)/parley")),
            new Mistake(
                    Rule.REFERENCES_RESOLVE,
                    "a volume that does not exist",
                    d -> d.first(d.container("parley-ingest"), "volumeMounts").put("name", "temp")),
            new Mistake(Rule.SECRETS_STAY_OUT, "a Secret in the manifests", d -> d.add("v1", "Secret", "parley")),
            new Mistake(Rule.SECRETS_STAY_OUT, "a key in plain text", d -> {
                Map<String, Object> key = d.env("parley-ingest", "TENANT_ENCRYPTION_KEY");
                key.remove("valueFrom");
                key.put("value", "plain");
            }),
            new Mistake(
                    Rule.KEDA_CAN_CONNECT,
                    "no password",
                    d -> d.list(d.at("TriggerAuthentication", "parley-worker-backlog", "spec"), "secretTargetRef")
                            .remove(1)),
            new Mistake(
                    Rule.KEDA_CAN_CONNECT,
                    "four fields of five",
                    d -> d.list(d.at("TriggerAuthentication", "parley-worker-backlog", "spec"), "configMapTargetRef")
                            .remove(3)),
            new Mistake(
                    Rule.KEDA_CAN_CONNECT,
                    "a name without its hash or reason",
                    d -> d.first(d.at("TriggerAuthentication", "parley-worker-backlog", "spec"), "configMapTargetRef")
                            .put("name", "parley-settings")),
            new Mistake(
                    Rule.KEDA_CAN_CONNECT,
                    "more workers than the query counts for",
                    d -> d.at("ScaledObject", "parley-worker", "spec").put("maxReplicaCount", 20)),
            new Mistake(
                    Rule.KEDA_CAN_CONNECT,
                    "an endless count",
                    d -> d.trigger().put("query", "SELECT count(*) FROM bot.job_queue")),
            new Mistake(
                    Rule.KEDA_CAN_CONNECT,
                    "an authentication that does not exist",
                    d -> d.remove("TriggerAuthentication", "parley-worker-backlog")));

    @TestFactory
    Stream<DynamicTest> every_planted_mistake_is_caught_by_its_rule() {
        return MISTAKES.stream()
                .map(mistake -> DynamicTest.dynamicTest(mistake.rule() + ": " + mistake.what(), () -> {
                    Documents documents = new Documents(original);
                    assertThat(mistake.rule().findings(documents.parsed()))
                            .as("before the mistake")
                            .isEmpty();

                    mistake.plant().accept(documents);

                    assertThat(documents.isChanged())
                            .as("the mistake is planted")
                            .isTrue();
                    assertThat(mistake.rule().findings(documents.parsed())).isNotEmpty();
                }));
    }

    @Test
    void every_rule_meets_a_mistake() {
        Set<Rule> met = EnumSet.noneOf(Rule.class);
        MISTAKES.forEach(mistake -> met.add(mistake.rule()));

        assertThat(met).containsExactlyInAnyOrder(Rule.values());
    }

    @Test
    void a_key_given_twice_is_refused() {
        assertThatThrownBy(() -> Yaml.documents("spec: {replicas: 1, replicas: 2}"))
                .hasMessageContaining("duplicate key");
    }

    /** The overlay's documents, open to meddling. */
    private static final class Documents {
        private static final ObjectMapper JSON = new ObjectMapper();
        private final String before;
        private final List<Map<String, Object>> documents;

        Documents(String json) {
            try {
                this.before = json;
                this.documents = JSON.readValue(json, new TypeReference<>() {});
            } catch (JsonProcessingException e) {
                throw new IllegalStateException(e);
            }
        }

        Manifests parsed() {
            return Manifests.parse(documents);
        }

        boolean isChanged() {
            return !JSON.valueToTree(documents).toString().equals(before);
        }

        Map<String, Object> document(String kind, String name) {
            return documents.stream()
                    .filter(document -> document.get("kind").equals(kind)
                            && ((Map<?, ?>) document.get("metadata"))
                                    .get("name")
                                    .equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("no " + kind + " " + name));
        }

        void remove(String kind, String name) {
            documents.remove(document(kind, name));
        }

        void add(String apiVersion, String kind, String name) {
            documents.add(new LinkedHashMap<>(
                    Map.of("apiVersion", apiVersion, "kind", kind, "metadata", Map.of("name", name))));
        }

        Map<String, Object> at(String kind, String name, String... path) {
            return in(document(kind, name), path);
        }

        Map<String, Object> pod(String kind, String name) {
            return at(kind, name, "spec", "template", "spec");
        }

        Map<String, Object> container(String deployment) {
            return first(pod("Deployment", deployment), "containers");
        }

        Map<String, Object> trigger() {
            return in(first(at("ScaledObject", "parley-worker", "spec"), "triggers"), "metadata");
        }

        @SuppressWarnings("unchecked")
        Map<String, Object> env(String deployment, String name) {
            return list(container(deployment), "env").stream()
                    .map(variable -> (Map<String, Object>) variable)
                    .filter(variable -> variable.get("name").equals(name))
                    .findFirst()
                    .orElseThrow();
        }

        @SuppressWarnings("unchecked")
        Map<String, Object> in(Map<String, Object> node, String... path) {
            Map<String, Object> found = node;
            for (String step : path) {
                found = (Map<String, Object>) found.get(step);
            }
            return found;
        }

        @SuppressWarnings("unchecked")
        List<Object> list(Map<String, Object> node, String field) {
            return (List<Object>) node.computeIfAbsent(field, none -> new ArrayList<>());
        }

        @SuppressWarnings("unchecked")
        Map<String, Object> first(Map<String, Object> node, String field) {
            return (Map<String, Object>) list(node, field).get(0);
        }
    }
}
