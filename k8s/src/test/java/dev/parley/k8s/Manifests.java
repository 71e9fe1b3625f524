package dev.parley.k8s;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one overlay would apply, parsed as strictly as the API server would and a little more.
 *
 * @param resources in the order of the documents; kinds of operators (KEDA's, Prometheus') as {@link GenericKubernetesResource}, checked by schema
 * @param findings what parsing found wrong: wrong types, unknown fields, unknown kinds
 */
record Manifests(List<HasMetadata> resources, List<String> findings) {
    private static final Map<String, Schemas> CUSTOM = Map.of(
            "ScaledObject", Schemas.SCALED_OBJECT,
            "TriggerAuthentication", Schemas.TRIGGER_AUTHENTICATION,
            "PrometheusRule", Schemas.PROMETHEUS_RULE);

    private static final KubernetesSerialization KUBERNETES = new KubernetesSerialization(strict(), true);

    /** Jackson would read {@code value: 5} into a text and {@code "5"} into a number; the API server refuses both. */
    private static ObjectMapper strict() {
        return JsonMapper.builder()
                .withCoercionConfig(
                        LogicalType.Textual,
                        text -> text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
                .withCoercionConfig(
                        LogicalType.Integer,
                        number -> number.setCoercion(CoercionInputShape.String, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail))
                .withCoercionConfig(
                        LogicalType.Boolean,
                        truth -> truth.setCoercion(CoercionInputShape.String, CoercionAction.Fail)
                                .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail))
                .build();
    }

    static Manifests parse(List<Map<String, Object>> documents) {
        List<HasMetadata> resources = new ArrayList<>();
        List<String> findings = new ArrayList<>();
        for (Map<String, Object> document : documents) {
            String what = document.get("kind") + " " + name(document);
            try {
                HasMetadata resource = (HasMetadata)
                        KUBERNETES.convertValue(document, io.fabric8.kubernetes.api.model.KubernetesResource.class);
                resources.add(resource);
                if (resource instanceof GenericKubernetesResource custom) {
                    Schemas schema = CUSTOM.get(custom.getKind());
                    List<String> wrong =
                            schema == null ? List.of("a kind nobody here knows") : schema.findings(document);
                    wrong.forEach(finding -> findings.add(what + ": " + finding));
                } else {
                    UnknownFields.in(resource).forEach(field -> findings.add(what + ": unknown field " + field));
                }
            } catch (IllegalArgumentException | ClassCastException e) {
                findings.add(what + ": " + e.getMessage());
            }
        }
        return new Manifests(List.copyOf(resources), List.copyOf(findings));
    }

    private static Object name(Map<String, Object> document) {
        return document.get("metadata") instanceof Map<?, ?> metadata ? metadata.get("name") : "without a name";
    }

    <T extends HasMetadata> List<T> all(Class<T> kind) {
        return resources.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    List<GenericKubernetesResource> all(String kind) {
        return all(GenericKubernetesResource.class).stream()
                .filter(resource -> resource.getKind().equals(kind))
                .toList();
    }

    <T extends HasMetadata> Optional<T> find(Class<T> kind, String name) {
        return all(kind).stream()
                .filter(resource -> resource.getMetadata().getName().equals(name))
                .findFirst();
    }

    /** The values of a ConfigMap; its name may carry a hash of its content. */
    Map<String, String> config(String name) {
        return all(ConfigMap.class).stream()
                .filter(map -> map.getMetadata().getName().matches(name + "(-[a-z0-9]{10})?"))
                .findFirst()
                .map(ConfigMap::getData)
                .orElse(Map.of());
    }

    /** Everything that starts pods, by its name. */
    Map<String, PodTemplateSpec> pods() {
        Map<String, PodTemplateSpec> pods = new LinkedHashMap<>();
        for (HasMetadata resource : resources) {
            String name = resource.getMetadata().getName();
            if (resource instanceof Deployment deployment) {
                pods.put(name, deployment.getSpec().getTemplate());
            } else if (resource instanceof StatefulSet set) {
                pods.put(name, set.getSpec().getTemplate());
            } else if (resource instanceof Job job) {
                pods.put(name, job.getSpec().getTemplate());
            }
        }
        return pods;
    }

    /** The names of the workloads whose pods {@code selector} means; an empty selector means all of them. */
    List<String> selected(LabelSelector selector) {
        return pods().entrySet().stream()
                .filter(pod -> matches(selector, pod.getValue().getMetadata().getLabels()))
                .map(Map.Entry::getKey)
                .toList();
    }

    List<String> selected(Map<String, String> labels) {
        LabelSelector selector = new LabelSelector();
        selector.setMatchLabels(labels);
        return selected(selector);
    }

    private static boolean matches(LabelSelector selector, Map<String, String> labels) {
        if (selector == null) {
            return false;
        }
        Map<String, String> wanted = selector.getMatchLabels() == null ? Map.of() : selector.getMatchLabels();
        return labels.entrySet().containsAll(wanted.entrySet())
                && selector.getMatchExpressions().stream().allMatch(expression -> holds(expression, labels));
    }

    private static boolean holds(LabelSelectorRequirement expression, Map<String, String> labels) {
        String value = labels.get(expression.getKey());
        return switch (expression.getOperator()) {
            case "In" -> expression.getValues().contains(value);
            case "NotIn" -> !expression.getValues().contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            default -> false;
        };
    }
}
