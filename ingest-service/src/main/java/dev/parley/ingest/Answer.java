package dev.parley.ingest;

import dev.parley.spi.Reply;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a delivery is answered, before it is HTTP. */
sealed interface Answer {
    /** What became of one event. */
    enum Status {
        ACCEPTED,
        /** Genuine, stored, and for a person to look at. */
        QUARANTINED,
        DUPLICATE,
        /** Genuine and nothing for us to do. */
        IGNORED;

        private final String word = name().toLowerCase(Locale.ROOT);

        /** What the sender reads, and a label of the meters. */
        String word() {
            return word;
        }
    }

    record Item(Status status, UUID traceId) {}

    /**
     * 200: genuine, and nothing the sender could do better.
     *
     * @param reply what the vendor wants to read; null = what became of it, as JSON
     * @param app whose delivery it was, where a vendor watches each app; null = not known
     */
    record Taken(
            List<Item> items,
            @Nullable Reply reply,
            @Nullable String app) implements Answer {
        public Taken {
            items = List.copyOf(items);
        }

        Taken(List<Item> items, @Nullable Reply reply) {
            this(items, reply, null);
        }

        @Override
        public Answer of(@Nullable String whose) {
            return new Taken(items, reply, whose);
        }

        /** For a whole delivery: the most that happened to any of its events. */
        Item summary() {
            Item most = items.get(0);
            for (Item item : items) {
                most = item.status().compareTo(most.status()) < 0 ? item : most;
            }
            return most;
        }
    }

    /** 401, the same for all reasons. */
    record Refused(Refusal why) implements Answer {}

    /** Not now: the sender should come back. */
    record Later(
            Delay why, int status, Duration after, @Nullable String app) implements Answer {
        Later(Delay why, int status, Duration after) {
            this(why, status, after, null);
        }

        @Override
        public Answer of(@Nullable String whose) {
            return new Later(why, status, after, whose);
        }
    }

    /** The same, for the vendor's app {@code whose}. */
    default Answer of(@Nullable String whose) {
        return this;
    }

    /** Why a request was refused; a label of the meters and a word in the log, never in the answer. */
    enum Refusal {
        UNKNOWN_PATH,
        UNKNOWN_PROVIDER,
        UNKNOWN_TENANT,
        FORGED,
        STALE,
        METHOD,
        ENCODING,
        MEDIA_TYPE,
        TOO_LARGE,
        TOO_SLOW,
        /** Too many requests of the address were refused before. */
        FLOOD,
        /** The sender went away before its body was complete. */
        ABORTED
    }

    /** Why a request has to come again. */
    enum Delay {
        /** The database did not take it, or did not say so in time. */
        DATABASE,
        /** More is waiting, or held in memory, than is good. */
        OVERLOADED,
        TENANT_DISABLED,
        /** More events of the tenant came than one tenant may send. */
        TENANT_BUDGET,
        /** The workers are too far behind. */
        BACKLOG,
        /** The tenant's webhook secrets do not open. */
        SECRETS,
        /** A defect of ours; it is in the log. */
        UNEXPECTED
    }
}
