package dev.parley.k8s;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecurityContext;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyEgressRule;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicyPort;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What every overlay must keep to, each with the reason it is here. {@link PlantedMistakesIT} breaks each of them. */
enum Rule {
    PARSES_STRICTLY("the API server drops what it does not know without a word", Manifests::findings),
    ONE_NAMESPACE("a stray object would be left behind when the namespace goes", Rule::oneNamespace),
    PROBES_ASK_MANAGEMENT("health is not on the public port", Rule::probes),
    PORTS_ARE_THE_PROGRAMS("a probe on a port nobody listens on never passes", Rule::ports),
    GRACE_FITS_THE_DRAIN("a kill in the middle of a drain costs every job in flight its attempt", Rule::grace),
    IMAGES_ARE_PINNED("a rollback needs a name for what ran before", Rule::images),
    PODS_ARE_RESTRICTED("what is broken into must find nothing to use", Rule::restricted),
    RESOURCES_ARE_BOUNDED("one pod must not starve its node", Rule::resources),
    PODS_GET_NO_CREDENTIALS("nothing of Parley talks to the Kubernetes API", Rule::noCredentials),
    ONE_OWNER_OF_REPLICAS("two owners of one number undo each other", Rule::replicas),
    SELECTORS_LAST("a selector can never be changed", Rule::selectors),
    BUDGETS_SELECT("a budget for nobody protects nobody", Rule::budgets),
    SERVICES_REACH_THE_DOOR("the public service shows webhooks and nothing else", Rule::services),
    DATABASE_TRAFFIC_IS_SEALED("prefer falls back to plain text without a word", Rule::databaseTls),
    TRAFFIC_IS_NAMED("what is not needed is closed", Rule::traffic),
    REFERENCES_RESOLVE("a pod whose ConfigMap or Secret is missing never starts", Rule::references),
    SECRETS_STAY_OUT("a manifest is public", Rule::noSecrets),
    KEDA_CAN_CONNECT("KEDA needs all five fields, its password and a query that stops counting", Rule::keda);

    private static final String MANAGEMENT = "management";
    private static final Pattern VARIABLE = Pattern.compile("\\$\\(([A-Z0-9_]+)\\)");

    final String because;
    private final Function<Manifests, List<String>> check;

    Rule(String because, Function<Manifests, List<String>> check) {
        this.because = because;
        this.check = check;
    }

    /** Each breach in one line; empty = none. */
    List<String> findings(Manifests manifests) {
        return check.apply(manifests);
    }

    private static List<String> oneNamespace(Manifests all) {
        List<String> found = new ArrayList<>();
        for (HasMetadata resource : all.resources()) {
            if (resource instanceof Namespace namespace) {
                if (!"restricted"
                        .equals(namespace.getMetadata().getLabels().get("pod-security.kubernetes.io/enforce"))) {
                    found.add(title(resource) + " does not enforce the restricted pod security standard");
                }
            } else if (resource.getMetadata().getNamespace() != null
                    && !resource.getMetadata().getNamespace().equals("parley")) {
                found.add(title(resource) + " is in namespace "
                        + resource.getMetadata().getNamespace());
            }
        }
        return found;
    }

    private static List<String> probes(Manifests all) {
        List<String> found = new ArrayList<>();
        forEachProgram(all, (program, container) -> {
            Map<String, Probe> probes = new LinkedHashMap<>();
            probes.put("started", container.getStartupProbe());
            probes.put("live", container.getLivenessProbe());
            probes.put("ready", container.getReadinessProbe());
            probes.forEach((what, probe) -> {
                if (probe == null || probe.getHttpGet() == null) {
                    found.add(program.deployment + " is not asked whether it is " + what);
                } else if (!MANAGEMENT.equals(probe.getHttpGet().getPort().getStrVal())) {
                    found.add("%s is asked whether it is %s on another port than management"
                            .formatted(program.deployment, what));
                } else if (!("/q/health/" + what).equals(probe.getHttpGet().getPath())) {
                    found.add("%s is asked whether it is %s at %s"
                            .formatted(
                                    program.deployment, what, probe.getHttpGet().getPath()));
                }
            });
        });
        return found;
    }

    private static List<String> ports(Manifests all) {
        List<String> found = new ArrayList<>();
        forEachProgram(all, (program, container) -> {
            Map<String, Integer> wanted = Map.of("http", program.httpPort, MANAGEMENT, program.managementPort);
            if (!ports(container).equals(wanted)) {
                found.add(
                        "%s has the ports %s, the program %s".formatted(program.deployment, ports(container), wanted));
            }
            Map<String, String> annotations =
                    all.pods().get(program.deployment).getMetadata().getAnnotations();
            if (!String.valueOf(program.managementPort).equals(annotations.get("prometheus.io/port"))) {
                found.add(program.deployment + " sends Prometheus to another port than the management port");
            }
        });
        return found;
    }

    private static List<String> grace(Manifests all) {
        List<String> found = new ArrayList<>();
        forEachProgram(all, (program, container) -> {
            Duration stop = program.stop(
                    name -> env(container, name).map(EnvVar::getValue).orElse(null));
            Long grace = all.pods().get(program.deployment).getSpec().getTerminationGracePeriodSeconds();
            if (grace == null || Duration.ofSeconds(grace).minus(stop).compareTo(Program.SLACK) < 0) {
                found.add("%s gets %s s to stop and may need %d s and some slack"
                        .formatted(program.deployment, grace, stop.toSeconds()));
            }
        });
        return found;
    }

    private static List<String> images(Manifests all) {
        List<String> found = new ArrayList<>();
        all.pods()
                .forEach((name, pod) -> containers(pod).forEach(container -> {
                    String image = container.getImage();
                    int colon = image.lastIndexOf(':');
                    String tag = colon > image.lastIndexOf('/') ? image.substring(colon + 1) : "";
                    if (tag.isEmpty() || tag.equals("latest")) {
                        found.add("%s runs %s: no fixed version".formatted(name, image));
                    } else if (image.contains("parley/") && !tag.equals(Checkout.version())) {
                        found.add("%s runs %s; this is release %s".formatted(name, image, Checkout.version()));
                    }
                }));
        return found;
    }

    private static List<String> restricted(Manifests all) {
        List<String> found = new ArrayList<>();
        all.pods().forEach((name, pod) -> {
            PodSpec spec = pod.getSpec();
            var context = spec.getSecurityContext();
            if (context == null || !Boolean.TRUE.equals(context.getRunAsNonRoot())) {
                found.add(name + " may run as root");
            }
            if (context == null || context.getRunAsUser() == null || context.getRunAsUser() == 0) {
                found.add(name + " names no user");
            }
            if (context == null
                    || context.getSeccompProfile() == null
                    || !"RuntimeDefault".equals(context.getSeccompProfile().getType())) {
                found.add(name + " is not confined by seccomp");
            }
            if (Boolean.TRUE.equals(spec.getHostNetwork())
                    || Boolean.TRUE.equals(spec.getHostPID())
                    || Boolean.TRUE.equals(spec.getHostIPC())) {
                found.add(name + " shares its node's namespaces");
            }
            spec.getVolumes().stream()
                    .filter(volume -> volume.getHostPath() != null)
                    .forEach(volume -> found.add(name + " mounts a directory of its node"));
            containers(pod).forEach(container -> restricted(name, container, found));
        });
        return found;
    }

    private static void restricted(String pod, Container container, List<String> found) {
        String name = pod + "/" + container.getName();
        SecurityContext context = Objects.requireNonNullElseGet(container.getSecurityContext(), SecurityContext::new);
        if (!Boolean.FALSE.equals(context.getAllowPrivilegeEscalation())) {
            found.add(name + " may gain privileges");
        }
        if (!Boolean.TRUE.equals(context.getReadOnlyRootFilesystem())) {
            found.add(name + " may write to its image");
        }
        if (context.getCapabilities() == null
                || !context.getCapabilities().getDrop().equals(List.of("ALL"))
                || !context.getCapabilities().getAdd().isEmpty()) {
            found.add(name + " keeps capabilities");
        }
        if (Boolean.TRUE.equals(context.getPrivileged())
                || Boolean.FALSE.equals(context.getRunAsNonRoot())
                || Objects.equals(context.getRunAsUser(), 0L)) {
            found.add(name + " loosens what its pod says");
        }
    }

    private static List<String> resources(Manifests all) {
        List<String> found = new ArrayList<>();
        all.pods().forEach((name, pod) -> {
            for (Container container : containers(pod)) {
                var resources = container.getResources();
                if (resources == null
                        || !resources.getRequests().keySet().containsAll(Set.of("cpu", "memory"))
                        || !resources.getLimits().containsKey("memory")) {
                    found.add("%s/%s asks for no share or has no memory limit".formatted(name, container.getName()));
                }
            }
            pod.getSpec().getVolumes().stream()
                    .filter(volume ->
                            volume.getEmptyDir() != null && volume.getEmptyDir().getSizeLimit() == null)
                    .forEach(volume -> found.add("%s may fill its node through %s".formatted(name, volume.getName())));
        });
        return found;
    }

    private static List<String> noCredentials(Manifests all) {
        List<String> found = new ArrayList<>();
        all.pods().forEach((name, pod) -> {
            PodSpec spec = pod.getSpec();
            if (!Boolean.FALSE.equals(spec.getAutomountServiceAccountToken())) {
                found.add(name + " gets a token of the Kubernetes API");
            }
            Optional<ServiceAccount> account = all.find(ServiceAccount.class, spec.getServiceAccountName());
            if (account.isEmpty()) {
                found.add("%s runs as %s, which does not exist".formatted(name, spec.getServiceAccountName()));
            } else if (!Boolean.FALSE.equals(account.get().getAutomountServiceAccountToken())) {
                found.add("service account %s hands out tokens".formatted(spec.getServiceAccountName()));
            }
            if (!Boolean.FALSE.equals(spec.getEnableServiceLinks())) {
                found.add(name + " gets variables of services, which read as configuration keys");
            }
        });
        return found;
    }

    private static List<String> replicas(Manifests all) {
        List<String> found = new ArrayList<>();
        List<String> scaled = new ArrayList<>();
        for (HorizontalPodAutoscaler scaler : all.all(HorizontalPodAutoscaler.class)) {
            var target = scaler.getSpec().getScaleTargetRef();
            scaled.add(target.getName());
            if (!target.getApiVersion().equals("apps/v1") || !target.getKind().equals("Deployment")) {
                found.add(title(scaler) + " scales no Deployment");
            }
            if (scaler.getSpec().getMinReplicas() == null || scaler.getSpec().getMinReplicas() < 2) {
                found.add(title(scaler) + " may leave a single pod");
            }
        }
        for (GenericKubernetesResource scaler : all.all("ScaledObject")) {
            scaled.add(scaler.get("spec", "scaleTargetRef", "name"));
            if (!(scaler.get("spec", "minReplicaCount") instanceof Integer least) || least < 2) {
                found.add(title(scaler) + " may leave a single pod");
            }
        }
        for (String target : new TreeSet<>(scaled)) {
            Optional<Deployment> deployment = all.find(Deployment.class, target);
            if (deployment.isEmpty()) {
                found.add("an autoscaler scales " + target + ", which does not exist");
            } else if (deployment.get().getSpec().getReplicas() != null) {
                found.add(target + " has an autoscaler and a fixed number of replicas");
            }
            if (scaled.stream().filter(target::equals).count() > 1) {
                found.add(target + " has two autoscalers");
            }
        }
        return found;
    }

    private static List<String> selectors(Manifests all) {
        List<String> found = new ArrayList<>();
        for (HasMetadata resource : all.resources()) {
            Map<String, String> selector = null;
            if (resource instanceof Deployment deployment) {
                selector = deployment.getSpec().getSelector().getMatchLabels();
            } else if (resource instanceof StatefulSet set) {
                selector = set.getSpec().getSelector().getMatchLabels();
            }
            if (selector != null) {
                if (selector.keySet().stream().anyMatch(key -> key.contains("version"))) {
                    found.add(title(resource) + " selects by version: the next release cannot be applied");
                }
                if (!all.selected(selector)
                        .equals(List.of(resource.getMetadata().getName()))) {
                    found.add("%s selects the pods of %s".formatted(title(resource), all.selected(selector)));
                }
            }
        }
        return found;
    }

    private static List<String> budgets(Manifests all) {
        List<String> found = new ArrayList<>();
        Map<String, Integer> budgets = new LinkedHashMap<>();
        for (PodDisruptionBudget budget : all.all(PodDisruptionBudget.class)) {
            List<String> selected = all.selected(budget.getSpec().getSelector());
            if (selected.size() != 1) {
                found.add("%s selects the pods of %s".formatted(title(budget), selected));
            }
            selected.forEach(name -> budgets.merge(name, 1, Integer::sum));
            IntOrString away = budget.getSpec().getMaxUnavailable();
            if (away == null || away.getIntVal() == null || away.getIntVal() < 1) {
                found.add(title(budget) + " lets no pod go: its node could never be emptied");
            }
        }
        for (Deployment deployment : all.all(Deployment.class)) {
            int count = budgets.getOrDefault(deployment.getMetadata().getName(), 0);
            if (count != 1) {
                found.add("%s has %d disruption budgets".formatted(title(deployment), count));
            }
        }
        return found;
    }

    private static List<String> services(Manifests all) {
        List<String> found = new ArrayList<>();
        for (Service service : all.all(Service.class)) {
            List<String> selected = all.selected(service.getSpec().getSelector());
            if (selected.size() != 1) {
                found.add("%s selects the pods of %s".formatted(title(service), selected));
                continue;
            }
            Map<String, Integer> ports = ports(all.pods().get(selected.get(0)));
            for (ServicePort port : service.getSpec().getPorts()) {
                String target = port.getTargetPort() == null
                        ? String.valueOf(port.getPort())
                        : String.valueOf(port.getTargetPort().getValue());
                if (!ports.containsKey(target)) {
                    found.add("%s leads to port %s, which is not a named port of %s"
                            .formatted(title(service), target, selected));
                }
                if (target.equals(MANAGEMENT)) {
                    found.add(title(service) + " shows the management port");
                }
            }
        }
        if (all.find(Service.class, Program.INGEST.deployment).isEmpty()) {
            found.add("ingest has no service");
        }
        return found;
    }

    private static List<String> databaseTls(Manifests all) {
        String mode = all.config("parley-config").get("PARLEY_DB_SSLMODE");
        boolean beside = all.find(StatefulSet.class, "postgres").isPresent();
        return "require".equals(mode) || beside && "disable".equals(mode)
                ? List.of()
                : List.of("sslmode is " + mode + "; the services know require, and disable for a database beside them");
    }

    private static List<String> traffic(Manifests all) {
        List<String> found = new ArrayList<>();
        List<NetworkPolicy> policies = all.all(NetworkPolicy.class);
        boolean closed = policies.stream()
                .anyMatch(policy -> policy.getSpec().getPolicyTypes().containsAll(List.of("Ingress", "Egress"))
                        && policy.getSpec().getIngress().isEmpty()
                        && policy.getSpec().getEgress().isEmpty()
                        && all.selected(policy.getSpec().getPodSelector())
                                .containsAll(all.pods().keySet()));
        if (!closed) {
            found.add("nothing is closed by default");
        }
        for (NetworkPolicy policy : policies) {
            List<String> selected = all.selected(policy.getSpec().getPodSelector());
            if (selected.isEmpty()) {
                found.add(title(policy) + " selects no pod");
            }
            var spec = policy.getSpec();
            if (!spec.getIngress().isEmpty() && !spec.getPolicyTypes().contains("Ingress")
                    || !spec.getEgress().isEmpty() && !spec.getPolicyTypes().contains("Egress")) {
                found.add(title(policy) + " has rules of a direction it does not name");
            }
            for (var rule : spec.getIngress()) {
                if (rule.getFrom().isEmpty()) {
                    found.add(title(policy) + " lets everybody in");
                }
                for (NetworkPolicyPort port : rule.getPorts()) {
                    for (String pod : selected) {
                        if (!ports(all.pods().get(pod))
                                .containsKey(String.valueOf(port.getPort().getValue()))) {
                            found.add("%s opens port %s, which %s does not have"
                                    .formatted(title(policy), port.getPort().getValue(), pod));
                        }
                    }
                }
                if (rule.getPorts().isEmpty()) {
                    found.add(title(policy) + " opens every port");
                }
            }
            for (var rule : spec.getEgress()) {
                if (rule.getPorts().isEmpty()) {
                    found.add(title(policy) + " lets everything out");
                }
            }
        }
        String database = all.config("parley-config").getOrDefault("PARLEY_DB_PORT", "");
        all.pods().forEach((name, pod) -> {
            Set<String> out = egress(all, name);
            boolean client = containers(pod).stream()
                    .anyMatch(container -> env(container, "PARLEY_DB_URL").isPresent()
                            || env(container, "PGHOST").isPresent());
            if (out.contains(database) != client) {
                found.add("%s %s the database's port %s"
                        .formatted(name, client ? "cannot reach" : "has no reason to reach", database));
            }
            if (out.contains("443") != name.equals(Program.WORKER.deployment)) {
                found.add(name + (out.contains("443") ? " may call the internet" : " cannot call vendors"));
            }
            if (!out.contains("53")) {
                found.add(name + " cannot resolve names");
            }
        });
        for (Program program : Program.values()) {
            Set<String> in = ingress(all, program.deployment);
            if (!in.contains(MANAGEMENT)) {
                found.add("nobody may read the metrics of " + program.deployment);
            }
            if (in.contains("http") != (program == Program.INGEST)) {
                found.add(program.deployment + (in.contains("http") ? " has an open door" : " has no door"));
            }
        }
        for (NetworkPolicy policy : policies) {
            for (NetworkPolicyEgressRule rule : policy.getSpec().getEgress()) {
                rule.getTo().stream()
                        .filter(peer -> peer.getIpBlock() != null
                                && peer.getIpBlock().getCidr().equals("0.0.0.0/0"))
                        .filter(peer -> !peer.getIpBlock()
                                .getExcept()
                                .containsAll(
                                        List.of("10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")))
                        .forEach(peer -> found.add(title(policy) + " reaches private addresses"));
            }
        }
        return found;
    }

    private static Set<String> egress(Manifests all, String pod) {
        Set<String> ports = new TreeSet<>();
        for (NetworkPolicy policy : all.all(NetworkPolicy.class)) {
            if (all.selected(policy.getSpec().getPodSelector()).contains(pod)) {
                policy.getSpec()
                        .getEgress()
                        .forEach(rule -> rule.getPorts()
                                .forEach(port ->
                                        ports.add(String.valueOf(port.getPort().getValue()))));
            }
        }
        return ports;
    }

    private static Set<String> ingress(Manifests all, String pod) {
        Set<String> ports = new TreeSet<>();
        for (NetworkPolicy policy : all.all(NetworkPolicy.class)) {
            if (all.selected(policy.getSpec().getPodSelector()).contains(pod)) {
                policy.getSpec()
                        .getIngress()
                        .forEach(rule -> rule.getPorts()
                                .forEach(port ->
                                        ports.add(String.valueOf(port.getPort().getValue()))));
            }
        }
        return ports;
    }

    private static List<String> references(Manifests all) {
        List<String> found = new ArrayList<>();
        Map<String, Set<String>> configs = new LinkedHashMap<>();
        all.all(ConfigMap.class)
                .forEach(map ->
                        configs.put(map.getMetadata().getName(), map.getData().keySet()));
        Map<String, Set<String>> secrets = SecretTemplate.keys();
        all.pods().forEach((name, pod) -> {
            for (Container container : containers(pod)) {
                Set<String> known = new TreeSet<>();
                container.getEnvFrom().forEach(from -> {
                    if (from.getConfigMapRef() != null) {
                        missing(configs, from.getConfigMapRef().getName(), null, false, name, found);
                        known.addAll(configs.getOrDefault(from.getConfigMapRef().getName(), Set.of()));
                    }
                    if (from.getSecretRef() != null) {
                        missing(secrets, from.getSecretRef().getName(), null, false, name, found);
                    }
                });
                for (EnvVar variable : container.getEnv()) {
                    reference(variable, configs, secrets, name, found);
                    VARIABLE.matcher(String.valueOf(variable.getValue()))
                            .results()
                            .map(MatchResult::group)
                            .map(used -> used.substring(2, used.length() - 1))
                            .filter(used -> !known.contains(used))
                            .forEach(used -> found.add("%s: %s uses %s, which is not set before it"
                                    .formatted(name, variable.getName(), used)));
                    if (!known.add(variable.getName())) {
                        found.add("%s sets %s twice".formatted(name, variable.getName()));
                    }
                }
            }
            pod.getSpec().getVolumes().stream()
                    .filter(volume -> volume.getConfigMap() != null)
                    .forEach(volume -> missing(configs, volume.getConfigMap().getName(), null, false, name, found));
            pod.getSpec().getVolumes().stream()
                    .filter(volume -> volume.getSecret() != null)
                    .forEach(volume -> volume.getSecret()
                            .getItems()
                            .forEach(item -> missing(
                                    secrets, volume.getSecret().getSecretName(), item.getKey(), false, name, found)));
            mounts(all, name, pod, found);
        });
        return found;
    }

    private static void reference(
            EnvVar variable,
            Map<String, Set<String>> configs,
            Map<String, Set<String>> secrets,
            String pod,
            List<String> found) {
        if (variable.getValueFrom() == null) {
            return;
        }
        var config = variable.getValueFrom().getConfigMapKeyRef();
        if (config != null) {
            missing(configs, config.getName(), config.getKey(), config.getOptional(), pod, found);
        }
        var secret = variable.getValueFrom().getSecretKeyRef();
        if (secret != null) {
            missing(secrets, secret.getName(), secret.getKey(), false, pod, found);
        }
    }

    private static void missing(
            Map<String, Set<String>> known, String name, String key, Boolean optional, String pod, List<String> found) {
        Set<String> keys = known.get(name);
        if (keys == null && known.keySet().stream().anyMatch(other -> other.matches(name + "-[a-z0-9]{10}"))) {
            found.add("%s refers to %s without its hash".formatted(pod, name));
        } else if (keys == null) {
            found.add("%s refers to %s, which does not exist".formatted(pod, name));
        } else if (key != null && !keys.contains(key) && !Boolean.TRUE.equals(optional)) {
            found.add("%s refers to key %s, which %s does not have".formatted(pod, key, name));
        }
    }

    private static void mounts(Manifests all, String name, PodTemplateSpec pod, List<String> found) {
        Set<String> volumes = new TreeSet<>();
        pod.getSpec().getVolumes().forEach(volume -> volumes.add(volume.getName()));
        all.find(StatefulSet.class, name)
                .ifPresent(set -> set.getSpec()
                        .getVolumeClaimTemplates()
                        .forEach(claim -> volumes.add(claim.getMetadata().getName())));
        for (Container container : containers(pod)) {
            container.getVolumeMounts().stream()
                    .filter(mount -> !volumes.contains(mount.getName()))
                    .forEach(mount -> found.add("%s mounts %s, which does not exist".formatted(name, mount.getName())));
        }
    }

    private static List<String> noSecrets(Manifests all) {
        List<String> found = new ArrayList<>();
        all.all(Secret.class).forEach(secret -> found.add(title(secret) + " is in the manifests"));
        all.pods()
                .forEach((name, pod) -> containers(pod)
                        .forEach(container -> container.getEnv().stream()
                                .filter(variable -> variable.getName().matches(".*(PASSWORD|SECRET|KEY|TOKEN)S?"))
                                .filter(variable -> variable.getValueFrom() == null
                                        || variable.getValueFrom().getSecretKeyRef() == null)
                                .forEach(variable ->
                                        found.add("%s takes %s from no Secret".formatted(name, variable.getName())))));
        return found;
    }

    private static List<String> keda(Manifests all) {
        List<String> found = new ArrayList<>();
        for (GenericKubernetesResource scaler : all.all("ScaledObject")) {
            String authentication = scaler.get("spec", "triggers", 0, "authenticationRef", "name");
            Optional<GenericKubernetesResource> reference = all.all("TriggerAuthentication").stream()
                    .filter(candidate -> candidate.getMetadata().getName().equals(authentication))
                    .findFirst();
            if (reference.isEmpty()) {
                found.add("%s refers to %s, which does not exist".formatted(title(scaler), authentication));
                continue;
            }
            Set<String> parameters = new TreeSet<>();
            parameters(reference.get(), "configMapTargetRef", ref -> {
                parameters.add((String) ref.get("parameter"));
                Map<String, Set<String>> configs = new LinkedHashMap<>();
                all.all(ConfigMap.class)
                        .forEach(map -> configs.put(
                                map.getMetadata().getName(), map.getData().keySet()));
                missing(configs, (String) ref.get("name"), (String) ref.get("key"), false, title(scaler), found);
            });
            parameters(reference.get(), "secretTargetRef", ref -> {
                parameters.add((String) ref.get("parameter"));
                missing(
                        SecretTemplate.keys(),
                        (String) ref.get("name"),
                        (String) ref.get("key"),
                        false,
                        title(scaler),
                        found);
            });
            Set<String> wanted = Set.of("host", "port", "userName", "dbName", "sslmode", "password");
            if (!parameters.equals(new TreeSet<>(wanted))) {
                found.add("%s connects with %s; KEDA needs %s".formatted(title(scaler), parameters, wanted));
            }
            ScalerQuery query = ScalerQuery.of(scaler);
            if (query.limit() != query.most() * query.target()) {
                found.add("%s counts up to %d, but scales up to %d x %d"
                        .formatted(title(scaler), query.limit(), query.most(), query.target()));
            }
            if (scaler.get("spec", "fallback") != null
                    && "Value".equals(scaler.get("spec", "triggers", 0, "metricType"))) {
                found.add(title(scaler) + " has a fallback, which KEDA ignores for metric type Value");
            }
        }
        return found;
    }

    @SuppressWarnings("unchecked")
    private static void parameters(
            GenericKubernetesResource authentication,
            String field,
            java.util.function.Consumer<Map<String, Object>> each) {
        Collection<Map<String, Object>> references = authentication.get("spec", field);
        if (references != null) {
            references.forEach(each);
        }
    }

    private interface EachProgram {
        void accept(Program program, Container container);
    }

    private static void forEachProgram(Manifests all, EachProgram each) {
        for (Program program : Program.values()) {
            PodTemplateSpec pod = all.pods().get(program.deployment);
            if (pod == null) {
                throw new IllegalArgumentException("no Deployment " + program.deployment);
            }
            each.accept(program, containers(pod).get(0));
        }
    }

    private static List<Container> containers(PodTemplateSpec pod) {
        List<Container> containers = new ArrayList<>(pod.getSpec().getContainers());
        containers.addAll(pod.getSpec().getInitContainers());
        return containers;
    }

    private static Map<String, Integer> ports(PodTemplateSpec pod) {
        return ports(pod.getSpec().getContainers().get(0));
    }

    private static Map<String, Integer> ports(Container container) {
        Map<String, Integer> ports = new LinkedHashMap<>();
        for (ContainerPort port : container.getPorts()) {
            ports.put(port.getName(), port.getContainerPort());
        }
        return ports;
    }

    private static Optional<EnvVar> env(Container container, String name) {
        return container.getEnv().stream()
                .filter(variable -> variable.getName().equals(name))
                .findFirst();
    }

    private static String title(HasMetadata resource) {
        return resource.getKind() + " " + resource.getMetadata().getName();
    }
}
