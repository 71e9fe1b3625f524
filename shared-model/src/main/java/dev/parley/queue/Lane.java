package dev.parley.queue;

/**
 * Contacts hash to lanes ({@code bot.lane_of}), a worker owns lanes. The number is fixed: it is in the function's text,
 * and two workers that disagreed about it would both own a contact.
 */
public final class Lane {
    public static final int COUNT = 256;

    private Lane() {}
}
