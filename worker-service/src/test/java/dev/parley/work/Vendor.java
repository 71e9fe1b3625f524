package dev.parley.work;

import dev.parley.queue.Job;
import dev.parley.queue.JobType;
import dev.parley.spi.LeasedJobHandler;
import dev.parley.spi.Outcome;
import io.smallrye.mutiny.Uni;
import io.vertx.mutiny.sqlclient.SqlConnection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** Calls that the test answers; the book says which were made, in order. */
final class Vendor implements LeasedJobHandler<String> {
    final List<UUID> calls = new CopyOnWriteArrayList<>();
    final Map<UUID, CompletableFuture<String>> open = new ConcurrentHashMap<>();
    final List<UUID> finished = new CopyOnWriteArrayList<>();
    volatile boolean answerAtOnce;
    volatile UUID cannotBegin;
    volatile Function<Job, Outcome> end = job -> Outcome.done();
    private final JobType type;

    Vendor() {
        this(JobType.SEND_OUTBOUND_MESSAGE);
    }

    Vendor(JobType type) {
        this.type = type;
    }

    @Override
    public JobType type() {
        return type;
    }

    @Override
    public Uni<List<Step<String>>> begin(SqlConnection tx, List<Job> jobs) {
        if (jobs.stream().anyMatch(job -> job.id().value().equals(cannotBegin))) {
            throw new IllegalStateException("cannot begin");
        }
        return Uni.createFrom()
                .item(jobs.stream()
                        .<Step<String>>map(job -> new Step.Call<>(() -> {
                            UUID id = job.id().value();
                            calls.add(id);
                            CompletableFuture<String> answer = new CompletableFuture<>();
                            open.put(id, answer);
                            if (answerAtOnce) {
                                answer.complete("ok");
                            }
                            return Uni.createFrom().completionStage(answer);
                        }))
                        .toList());
    }

    @Override
    public Uni<List<Outcome>> finish(SqlConnection tx, List<Finished<String>> back) {
        back.forEach(one -> finished.add(one.job().id().value()));
        return Uni.createFrom()
                .item(back.stream().map(one -> end.apply(one.job())).toList());
    }
}
