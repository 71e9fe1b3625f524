package dev.parley.work;

import dev.parley.queue.JobType;
import dev.parley.spi.BatchJobHandler;
import dev.parley.spi.LeasedJobHandler;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Which handler takes which job type. A type nobody handles is never read: its jobs wait for a worker that knows it. */
final class HandlerRegistry {
    private final Map<JobType, BatchJobHandler> batch = new HashMap<>();
    private final Map<JobType, LeasedJobHandler<?>> leased = new HashMap<>();
    private final String[] types;

    /** @throws IllegalArgumentException two handlers for one type: names both */
    HandlerRegistry(
            Collection<BatchJobHandler> batchHandlers, Collection<? extends LeasedJobHandler<?>> leasedHandlers) {
        TreeSet<String> names = new TreeSet<>();
        for (BatchJobHandler handler : batchHandlers) {
            batch.put(handler.type(), handler);
            claimName(names, handler.type(), handler);
        }
        for (LeasedJobHandler<?> handler : leasedHandlers) {
            leased.put(handler.type(), handler);
            claimName(names, handler.type(), handler);
        }
        types = names.toArray(String[]::new);
    }

    private static void claimName(TreeSet<String> names, JobType type, Object handler) {
        if (!names.add(type.name())) {
            throw new IllegalArgumentException("two handlers for job type " + type + ", one of them "
                    + handler.getClass().getName());
        }
    }

    String[] types() {
        return types.clone();
    }

    /** Those whose work is all in the database. */
    String[] typesWithoutCalls() {
        return batch.keySet().stream().map(JobType::name).sorted().toArray(String[]::new);
    }

    boolean isLeased(JobType type) {
        return leased.containsKey(type);
    }

    BatchJobHandler batch(JobType type) {
        return Optional.ofNullable(batch.get(type)).orElseThrow();
    }

    LeasedJobHandler<?> leased(JobType type) {
        return Optional.<LeasedJobHandler<?>>ofNullable(leased.get(type)).orElseThrow();
    }
}
