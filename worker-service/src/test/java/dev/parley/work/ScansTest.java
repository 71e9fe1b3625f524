package dev.parley.work;

import static dev.parley.work.SampleJobs.FLOOR;
import static dev.parley.work.SampleJobs.line;
import static dev.parley.work.SampleJobs.tenant;
import static org.assertj.core.api.Assertions.assertThat;

import dev.parley.queue.Cursor;
import dev.parley.queue.DueJob;
import dev.parley.queue.Job;
import dev.parley.queue.JobQueue;
import dev.parley.queue.JobQueue.DuePage;
import dev.parley.queue.Lane;
import dev.parley.tenant.TenantId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScansTest {
    private static final TenantId LARGE = tenant(1);
    private static final TenantId SMALL = tenant(2);
    private static final int MOST = 256;

    private long now = 1_000;
    private final Scans scans = new Scans(MOST, () -> now);

    private static Job job(TenantId tenant, int nth) {
        return SampleJobs.job(line(tenant, 1, "+1"), nth);
    }

    private static List<Job> jobs(TenantId tenant, int from, int until) {
        return IntStream.range(from, until).mapToObj(n -> job(tenant, n)).toList();
    }

    /** What is read next comes back as if {@code page} stood in the queue; it can run. */
    private void read(Scan scan, List<Job> page) {
        read(scan, page, page.size());
    }

    private void read(Scan scan, List<Job> page, int admitted) {
        scans.advance(scan, page(page), JobQueue.PAGES.get(scans.pageOf(scan)), admitted, FLOOR);
    }

    private static DuePage page(List<Job> jobs) {
        return page(jobs, jobs.size());
    }

    /** @param size with jobs of lanes that were not asked for */
    private static DuePage page(List<Job> jobs, int size) {
        return new DuePage(
                jobs.stream()
                        .map(job -> new DueJob(job, false, false, Duration.ZERO, null))
                        .toList(),
                size);
    }

    private Scan scanOf(@Nullable TenantId only) {
        List<Scan> found = scans.reading().stream()
                .filter(scan -> Objects.equals(scan.only, only))
                .toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private int pageOf(Scan scan) {
        return JobQueue.PAGES.get(scans.pageOf(scan));
    }

    /** Everybody has caught up, then {@link #LARGE} fills whole pages and is read apart. */
    private void crowd() {
        crowd(Lane.COUNT);
    }

    private void crowd(int lanes) {
        scans.take(IntStream.range(0, lanes).boxed().collect(Collectors.toSet()), false);
        read(scanOf(null), List.of());
        read(scanOf(null), jobs(LARGE, 0, 16));
        assertThat(scanOf(LARGE).cursor).isEqualTo(Cursor.at(job(LARGE, 15)));
    }

    /** Reads full pages until they are of the largest size; {@code admitted} of each can run. */
    private void grow(@Nullable TenantId only, int admitted) {
        Scan scan = scanOf(only);
        for (int from = 1_000; pageOf(scan) < MOST; from += 1_000) {
            List<Job> page = IntStream.range(from, from + pageOf(scan))
                    .mapToObj(n -> job(only == null ? tenant(n) : only, n))
                    .toList();
            read(scan, page, admitted);
        }
    }

    @Test
    void nothing_is_read_without_lanes() {
        assertThat(scans.reading()).isEmpty();
        assertThat(scans.swaths()).isEmpty();

        scans.take(Set.of(1), false);
        scans.drop(Set.of(1));

        assertThat(scans.reading()).isEmpty();
    }

    @Test
    void lanes_are_read_from_the_beginning_and_the_first_ones_go_on_where_they_have_caught_up() {
        scans.take(Set.of(1, 2), false);
        assertThat(scanOf(null).cursor).isEqualTo(Cursor.START);

        read(scanOf(null), jobs(LARGE, 0, 3));

        assertThat(scanOf(null).cursor).isEqualTo(FLOOR);
        assertThat(scans.earliest()).isEqualTo(FLOOR);
    }

    @Test
    void while_the_first_lanes_catch_up_nobody_stands_at_the_beginning() {
        scans.take(Set.of(1), false);

        grow(null, 16);

        assertThat(scans.earliest()).isEqualTo(scanOf(null).cursor).isNotEqualTo(Cursor.START);
    }

    @Test
    void lanes_taken_later_are_read_on_their_own_until_they_have_caught_up() {
        scans.take(Set.of(1), false);
        read(scanOf(null), List.of());
        scans.take(Set.of(2), false);

        assertThat(scans.reading()).extracting(scan -> Set.copyOf(scan.lanes)).containsExactly(Set.of(1), Set.of(2));
        assertThat(scans.earliest()).isEqualTo(Cursor.START);

        read(scans.reading().get(1), List.of());

        assertThat(scanOf(null).lanes).containsExactlyInAnyOrder(1, 2);
        assertThat(scanOf(null).cursor).isEqualTo(FLOOR);
    }

    @Test
    void reading_stops_where_it_is_final() {
        scans.take(Set.of(1), false);
        Cursor floor = Cursor.at(job(LARGE, 5));

        scans.advance(scanOf(null), page(jobs(LARGE, 0, 16)), 16, 16, floor);

        assertThat(scanOf(null).cursor).isEqualTo(floor);
    }

    @Test
    void a_page_grows_under_a_backlog_up_to_the_largest_batch_and_shrinks_when_nothing_comes() {
        Scans some = new Scans(64, () -> now);
        some.take(Set.of(1), false);
        Scan scan = some.reading().get(0);
        for (int most : List.of(16, 64, 64)) {
            assertThat(JobQueue.PAGES.get(some.pageOf(scan))).isEqualTo(most);
            some.advance(
                    scan,
                    page(IntStream.range(0, most)
                            .mapToObj(n -> job(tenant(n), n))
                            .toList()),
                    most,
                    most,
                    FLOOR);
        }

        some.advance(scan, page(List.of()), 64, 0, FLOOR);

        assertThat(JobQueue.PAGES.get(some.pageOf(scan))).isEqualTo(16);
    }

    @Test
    void a_page_is_full_by_what_others_have_in_it_too_and_read_up_to_its_last() {
        scans.take(Set.of(1), false);
        Scan scan = scanOf(null);

        scans.advance(scan, page(jobs(LARGE, 0, 3), 16), 16, 3, FLOOR);

        assertThat(scan.cursor).isEqualTo(Cursor.at(job(LARGE, 2)));
        assertThat(pageOf(scan)).isEqualTo(64);
    }

    @Test
    void most_of_the_few_that_are_ours_of_a_page_is_no_crowd() {
        scans.take(Set.of(1), false);

        scans.advance(scanOf(null), page(jobs(LARGE, 0, 3), 16), 16, 3, FLOOR);
        assertThat(scans.reading()).hasSize(1);

        scans.advance(scanOf(null), page(jobs(LARGE, 3, 7), 64), 64, 4, FLOOR);
        assertThat(scans.reading()).hasSize(2);
    }

    @Test
    void a_tenant_that_fills_pages_is_read_apart_until_it_has_caught_up() {
        crowd();
        assertThat(scans.leftOut(scanOf(null))).containsExactly(LARGE);
        assertThat(scans.swaths())
                .extracting(Scans.Swath::only, Scans.Swath::not)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(null, Set.of(LARGE)),
                        org.assertj.core.groups.Tuple.tuple(LARGE, Set.of()));

        read(scanOf(LARGE), jobs(LARGE, 16, 20));

        assertThat(scans.reading()).hasSize(1);
        assertThat(scans.leftOut(scanOf(null))).isEmpty();
    }

    @Test
    void a_crowd_takes_small_shares_while_others_write_and_whole_batches_a_moment_later() {
        crowd();
        assertThat(pageOf(scanOf(LARGE))).isEqualTo(16);
        grow(LARGE, 16);
        assertThat(pageOf(scanOf(LARGE))).isEqualTo(256);

        read(scanOf(null), jobs(SMALL, 200, 201));
        assertThat(pageOf(scanOf(LARGE))).isEqualTo(16);

        now += Duration.ofSeconds(1).toNanos();
        assertThat(pageOf(scanOf(LARGE))).isEqualTo(256);
    }

    @ParameterizedTest
    @CsvSource({"256,16", "255,64", "128,64", "64,64", "63,256", "1,256"})
    void a_crowds_small_share_is_counted_in_jobs_of_our_own_lanes(int lanes, int page) {
        crowd(lanes);
        grow(LARGE, 16);

        read(scanOf(null), jobs(SMALL, 200, 201));

        assertThat(pageOf(scanOf(LARGE))).isEqualTo(page);
    }

    @Test
    void two_backlogs_do_not_make_each_other_smaller() {
        crowd();
        grow(LARGE, 16);
        grow(null, 16);

        assertThat(pageOf(scanOf(LARGE))).isEqualTo(256);
        assertThat(pageOf(scanOf(null))).isEqualTo(256);
    }

    @Test
    void a_crowd_in_lanes_taken_over_is_read_apart_too_while_others_write() {
        scans.take(Set.of(1), false);
        read(scanOf(null), List.of());
        read(scanOf(null), jobs(SMALL, 0, 1));
        scans.take(Set.of(2), false);
        Scan taken = scans.reading().get(1);

        read(taken, jobs(LARGE, 0, 16));

        assertThat(scans.leftOut(taken)).containsExactly(LARGE);
        assertThat(scanOf(LARGE).lanes).containsExactly(2);
    }

    @Test
    void jobs_that_wait_in_their_lines_make_nobodys_share_smaller() {
        crowd();
        read(scanOf(null), jobs(SMALL, 200, 203), 0);
        grow(LARGE, 0);

        assertThat(pageOf(scanOf(LARGE))).isEqualTo(256);
    }

    @Test
    void a_disabled_tenant_is_not_read_not_even_apart() {
        crowd();

        scans.disable(Set.of(LARGE));

        assertThat(scans.isDisabled(LARGE)).isTrue();
        assertThat(scans.reading()).hasSize(1);
        assertThat(scans.leftOut(scanOf(null))).containsExactly(LARGE);
    }

    @Test
    void a_tenant_that_is_enabled_again_is_read_from_the_beginning_wherever_others_are() {
        scans.disable(Set.of(LARGE));
        scans.take(Set.of(1), false);
        read(scanOf(null), List.of());
        scans.take(Set.of(2), false);
        List<Job> mixed = new ArrayList<>(jobs(SMALL, 0, 8));
        mixed.addAll(jobs(tenant(9), 8, 16));
        read(scans.reading().get(1), mixed);

        scans.disable(Set.of());

        assertThat(scans.reading().stream().filter(scan -> LARGE.equals(scan.only)))
                .allSatisfy(scan -> assertThat(scan.cursor).isEqualTo(Cursor.START))
                .extracting(scan -> Set.copyOf(scan.lanes))
                .containsExactlyInAnyOrder(Set.of(1), Set.of(2));
        assertThat(scans.reading().stream().filter(scan -> scan.only == null))
                .allSatisfy(scan -> assertThat(scans.leftOut(scan)).containsExactly(LARGE));

        List.copyOf(scans.reading()).stream().filter(scan -> scan.only != null).forEach(scan -> read(scan, List.of()));
        List.copyOf(scans.reading()).forEach(scan -> read(scan, List.of()));

        assertThat(scanOf(null).lanes).containsExactlyInAnyOrder(1, 2);
        assertThat(scans.leftOut(scanOf(null))).isEmpty();
    }

    @Test
    void what_may_have_killed_a_worker_is_read_with_care_once() {
        scans.take(Set.of(1), true);
        assertThat(scanOf(null).careful).isTrue();

        read(scanOf(null), jobs(SMALL, 0, 16));

        assertThat(scanOf(null).careful).isFalse();
    }

    @Test
    void pages_of_other_workers_lanes_do_not_use_up_the_care() {
        scans.take(Set.of(2), true);

        read(scanOf(null), jobs(SMALL, 0, 16));

        assertThat(scanOf(null).careful).as("those were of lane 1").isTrue();
    }

    @Test
    void a_tenant_read_apart_before_anything_of_ours_was_tried_is_read_with_care_too() {
        scans.take(Set.of(2), true);

        read(scanOf(null), jobs(LARGE, 0, 16));

        assertThat(scanOf(LARGE).careful).as("those were of lane 1").isTrue();
    }

    @Test
    void of_a_tenant_held_back_nothing_is_read_and_its_place_is_kept() {
        scans.take(Set.of(1), false);
        List<Job> mixed = new ArrayList<>(jobs(LARGE, 0, 8));
        mixed.addAll(jobs(SMALL, 8, 12));
        mixed.addAll(jobs(tenant(9), 12, 16));
        read(scanOf(null), mixed);
        Cursor place = scanOf(null).cursor;

        scans.holdBack(LARGE);
        scans.holdBack(LARGE);

        read(scanOf(null), List.of());
        assertThat(scans.leftOut(scanOf(null))).containsExactly(LARGE);
        assertThat(scans.swaths())
                .as("its forgotten tails are still looked for, as far as it was read")
                .anySatisfy(swath -> {
                    assertThat(swath.only()).isEqualTo(LARGE);
                    assertThat(swath.until()).isEqualTo(place);
                });

        scans.goOn(LARGE);

        assertThat(scanOf(LARGE).cursor).isEqualTo(place);
        read(scanOf(LARGE), List.of());
        assertThat(scans.leftOut(scanOf(null))).isEmpty();
    }

    @Test
    void a_crowd_held_back_keeps_the_place_of_its_own_scan() {
        crowd();
        Cursor place = scanOf(LARGE).cursor;
        read(scanOf(null), List.of());

        scans.holdBack(LARGE);

        assertThat(scans.reading()).extracting(scan -> scan.only).containsOnlyNulls();
        scans.goOn(LARGE);
        assertThat(scanOf(LARGE).cursor).isEqualTo(place);
    }

    @Test
    void lanes_taken_meanwhile_are_read_without_the_tenant_held_back_and_later_with_it_from_the_beginning() {
        scans.take(Set.of(1), false);
        read(scanOf(null), List.of());
        scans.holdBack(LARGE);

        scans.take(Set.of(2), true);

        assertThat(scans.reading())
                .hasSize(2)
                .allSatisfy(scan -> assertThat(scans.leftOut(scan)).containsExactly(LARGE));
        List.copyOf(scans.reading()).forEach(scan -> read(scan, List.of()));
        scans.goOn(LARGE);
        assertThat(scans.reading().stream().filter(scan -> LARGE.equals(scan.only) && scan.lanes.equals(Set.of(2))))
                .singleElement()
                .satisfies(scan -> {
                    assertThat(scan.cursor).isEqualTo(Cursor.START);
                    assertThat(scan.careful).isTrue();
                });
        List.copyOf(scans.reading()).stream().filter(scan -> scan.only != null).forEach(scan -> read(scan, List.of()));
        List.copyOf(scans.reading()).forEach(scan -> read(scan, List.of()));
        assertThat(scanOf(null).lanes).containsExactlyInAnyOrder(1, 2);
        assertThat(scans.leftOut(scanOf(null))).isEmpty();
    }

    @Test
    void a_tenant_that_is_disabled_is_held_back_no_more() {
        scans.take(Set.of(1), false);
        scans.holdBack(LARGE);

        scans.disable(Set.of(LARGE));
        scans.holdBack(LARGE);

        assertThat(scans.heldBack()).isEmpty();
        scans.disable(Set.of());
        assertThat(scanOf(LARGE).cursor).isEqualTo(Cursor.START);
    }

    @Test
    void who_gave_away_all_lanes_and_takes_others_reads_every_tenant_again() {
        crowd();

        scans.drop(IntStream.range(0, Lane.COUNT).boxed().collect(Collectors.toSet()));
        scans.take(Set.of(1), false);
        read(scans.reading().get(0), List.of());

        assertThat(scans.leftOut(scanOf(null))).isEmpty();
    }
}
