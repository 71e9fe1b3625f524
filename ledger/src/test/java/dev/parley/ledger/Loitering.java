package dev.parley.ledger;

import java.util.concurrent.locks.LockSupport;

/** A program that passes two moments again and again until somebody ends it. */
final class Loitering {
    enum Moment {
        FIRST,
        SECOND
    }

    private Loitering() {}

    public static void main(String[] args) {
        ProcessHandle.current();
        while (true) {
            pass(Moment.FIRST);
            pass(Moment.SECOND);
        }
    }

    private static void pass(Moment moment) {
        System.out.println(moment);
        LockSupport.parkNanos(10_000_000);
    }
}
