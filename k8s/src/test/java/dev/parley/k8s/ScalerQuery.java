package dev.parley.k8s;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What KEDA asks the database.
 *
 * @param target how many due jobs are one worker's share
 * @param most how many workers there may be
 * @param limit where counting stops; 0 = never
 */
record ScalerQuery(String sql, int target, int most, int limit) {
    private static final Pattern LIMIT = Pattern.compile("\\bLIMIT\\s+(\\d+)", Pattern.CASE_INSENSITIVE);

    static ScalerQuery of(GenericKubernetesResource scaledObject) {
        String sql = scaledObject.get("spec", "triggers", 0, "metadata", "query");
        String target = scaledObject.get("spec", "triggers", 0, "metadata", "targetQueryValue");
        Integer most = scaledObject.get("spec", "maxReplicaCount");
        Matcher limit = LIMIT.matcher(sql);
        return new ScalerQuery(
                sql, Integer.parseInt(target), most, limit.find() ? Integer.parseInt(limit.group(1)) : 0);
    }
}
