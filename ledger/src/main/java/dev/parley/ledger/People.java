package dev.parley.ledger;

import java.util.Random;

/**
 * Who writes how often: contacts in a Zipf distribution, dealt out to the tenants in turn, and one tenant that is noisy
 * beyond its share. The same seed, the same people in the same order.
 */
final class People {
    static final int TENANTS = 20;
    static final int CONTACTS = 2_000;
    /** The tenant whose contacts write this much more than the others'. */
    static final int NOISY = 0;

    private static final double NOISE = 0.2;

    private final double[] cumulated = new double[CONTACTS];
    private final Random random;

    People(Random random) {
        this.random = random;
        double sum = 0;
        for (int rank = 0; rank < CONTACTS; rank++) {
            sum += 1.0 / (rank + 1);
            cumulated[rank] = sum;
        }
    }

    /** @param tenant 0 to 19 */
    record Person(int tenant, int rank) {
        String address() {
            return String.format("+1555%07d", 1_000_000 + rank);
        }

        String name() {
            return "Contact " + rank;
        }
    }

    Person next() {
        int rank = rank();
        return random.nextDouble() < NOISE
                ? new Person(NOISY, rank - rank % TENANTS + NOISY)
                : new Person(rank % TENANTS, rank);
    }

    private int rank() {
        double drawn = random.nextDouble() * cumulated[CONTACTS - 1];
        int found = java.util.Arrays.binarySearch(cumulated, drawn);
        return Math.min(CONTACTS - 1, found < 0 ? -found - 1 : found);
    }
}
