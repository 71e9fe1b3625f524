package dev.parley.session;

import io.vertx.sqlclient.SqlConnectOptions;

/** How connections keep Parley's statements prepared. */
public final class Prepared {
    /**
     * The client leaves statements of more than 2,048 characters out of its cache unless it is told otherwise: they would be
     * parsed and planned for every batch, and cost a round trip more. Ours are longer than that, with their comments.
     */
    private static final int LONGEST = 16_384;

    /**
     * For sessions that keep statements prepared. Every statement of Parley goes by a key, but a plan is kept that was made
     * while the tables were small, and then the cheapest is to read them whole. A bitmap is the other way to read too much: by
     * statistics that saw the queue empty next to nothing is due, and so all that is due is collected and sorted for a page of
     * its first few. And none runs long enough to be worth compiling.
     */
    public static final String KEEP_PLANS_BY_KEY =
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off";

    /**
     * For an owner's session, on top of {@link #KEEP_PLANS_BY_KEY}: its statements are planned once, and again when statistics
     * change. Left alone the server plans the reading of due jobs anew for every batch, which costs as much as reading sixteen.
     * That a plan for any arguments goes by its index is tested with a table full of finished jobs.
     */
    public static final String PLAN_ONCE = "SET plan_cache_mode = force_generic_plan";

    private Prepared() {}

    /** Lets the cache of prepared statements, if {@code options} ask for one, keep statements of every length we have. */
    public static <T extends SqlConnectOptions> T longStatementsToo(T options) {
        options.setPreparedStatementCacheSqlLimit(LONGEST);
        return options;
    }
}
