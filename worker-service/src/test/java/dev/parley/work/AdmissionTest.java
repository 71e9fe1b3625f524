package dev.parley.work;

import static dev.parley.work.SampleJobs.FLOOR;
import static dev.parley.work.SampleJobs.line;
import static dev.parley.work.SampleJobs.tenant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.DueJob;
import dev.parley.queue.JobQueue.DuePage;
import dev.parley.tenant.TenantId;
import dev.parley.work.Admission.Page;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    private static final TenantId TENANT = tenant(1);
    private static final TenantId OTHER = tenant(2);
    private static final int LIMIT = 16;

    private final Lines lines = new Lines(() -> 1);
    private final Scans scans = new Scans(256, () -> 1);
    private final List<DueJob> told = new ArrayList<>();
    private final Admission admission = new Admission(lines, told::add);

    @BeforeEach
    void ownLaneOne() {
        scans.take(Set.of(1), false);
        advance(Map.of(scans.reading().get(0), page(List.of())));
    }

    private void advance(Map<Scan, Page> pages) {
        new Admission(new Lines(() -> 1), due -> {}).take(pages, scans, FLOOR);
    }

    private static Page page(List<DueJob> jobs) {
        return new Page(new DuePage(jobs, jobs.size()), LIMIT);
    }

    private static DueJob due(TenantId tenant, int lane, int nth) {
        return SampleJobs.due(line(tenant, lane, "+" + lane), nth);
    }

    @Test
    void of_a_page_only_jobs_of_its_scans_lanes_run() {
        DueJob ours = due(TENANT, 1, 1);
        DueJob theirs = due(TENANT, 2, 2);

        admission.take(Map.of(scans.reading().get(0), page(List.of(ours, theirs))), scans, FLOOR);

        assertThat(admission.together()).containsExactly(ours);
        assertThat(told).containsExactly(ours);
    }

    @Test
    void lanes_that_join_in_this_turn_are_not_yet_those_that_a_page_was_read_for() {
        // Given lane 2 just taken, and then a tenant read apart for the first lanes
        scans.take(Set.of(2), false);
        scans.holdBack(TENANT);
        scans.goOn(TENANT);
        List<Scan> reading = scans.reading();
        Scan taken = reading.get(1);
        Scan apart = reading.stream()
                .filter(scan -> TENANT.equals(scan.only) && scan.lanes.contains(1))
                .findFirst()
                .orElseThrow();
        advance(Map.of(
                reading.stream()
                        .filter(scan -> TENANT.equals(scan.only) && scan.lanes.contains(2))
                        .findFirst()
                        .orElseThrow(),
                page(List.of())));
        DueJob ofTakenLane = due(TENANT, 2, 1);
        Map<Scan, Page> pages = new LinkedHashMap<>();
        pages.put(taken, page(List.of(due(OTHER, 2, 0))));
        // Committed after the first page was read, and without its payload in this one
        pages.put(apart, page(List.of(ofTakenLane)));

        admission.take(pages, scans, FLOOR);

        assertThat(apart.lanes).as("they have joined").containsExactlyInAnyOrder(1, 2);
        assertThat(admission.together()).doesNotContain(ofTakenLane).hasSize(1);
    }

    @Test
    void what_is_read_of_lanes_of_the_dead_comes_apart_from_the_rest() {
        scans.take(Set.of(2), true);
        Scan careful = scans.reading().get(1);
        DueJob suspect = due(OTHER, 2, 1);

        admission.take(Map.of(careful, page(List.of(suspect))), scans, FLOOR);

        assertThat(admission.careful()).containsExactly(suspect);
        assertThat(admission.together()).isEmpty();
    }
}
