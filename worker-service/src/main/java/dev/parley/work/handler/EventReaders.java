package dev.parley.work.handler;

import dev.parley.queue.Job;
import dev.parley.spi.EventReader;
import dev.parley.spi.EventReader.DoNotDisturb;
import dev.parley.spi.EventReader.Incoming;
import dev.parley.spi.EventReader.Report;
import dev.parley.spi.EventReader.State;
import dev.parley.spi.EventReader.Turn;
import dev.parley.tenant.Settings;
import dev.parley.work.log.LogFacts;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The readers by provider. An event of a provider that nobody reads, or that its reader stumbles over, is an event without
 * words: recorded, answered with care, never a reason to stop the line.
 */
public final class EventReaders {
    private static final Logger LOG = LoggerFactory.getLogger(EventReaders.class);

    private final Map<String, EventReader> byProvider;

    /** @throws IllegalArgumentException if two read the same provider */
    public EventReaders(Iterable<EventReader> readers) {
        Map<String, EventReader> all = new HashMap<>();
        for (EventReader reader : readers) {
            if (all.put(reader.provider(), reader) != null) {
                throw new IllegalArgumentException("two readers for provider " + reader.provider());
            }
        }
        this.byProvider = Map.copyOf(all);
    }

    Incoming incoming(Job.Event event, Settings settings) {
        return read(
                event,
                reader -> reader.incoming(event, settings),
                new Incoming("", null, null, new JsonObject(), new JsonObject().put("unreadable", true)));
    }

    boolean showsMediaLater(Job.Event event) {
        return read(event, reader -> reader.showsMediaLater(event), false);
    }

    Report report(Job.Event event) {
        return read(
                event,
                reader -> reader.report(event),
                new Report(event.providerMessageId(), State.OTHER, null, "", null, null, new JsonObject()));
    }

    @Nullable
    Turn turn(Job.Event event) {
        return this.<Optional<Turn>>read(event, reader -> Optional.ofNullable(reader.turn(event)), Optional.empty())
                .orElse(null);
    }

    List<DoNotDisturb> doNotDisturb(Job.Event event) {
        return read(event, reader -> reader.doNotDisturb(event), List.of());
    }

    /** The provider without a tenant's own name for it: what follows the first dot. */
    static String family(String provider) {
        int dot = provider.indexOf('.');
        return dot < 0 ? provider : provider.substring(0, dot);
    }

    private <T> T read(Job.Event event, Function<EventReader, T> how, T otherwise) {
        EventReader reader = byProvider.get(family(event.provider()));
        if (reader == null) {
            LogFacts.about(
                    event,
                    () -> LOG.warn(
                            "no reader for provider {}, event {} is taken as one without words",
                            event.provider(),
                            event.id()));
            return otherwise;
        }
        try {
            return how.apply(reader);
        } catch (RuntimeException e) {
            // Only the class: the message may quote the payload.
            LogFacts.about(
                    event,
                    () -> LOG.warn(
                            "reader of provider {} stumbled over event {} ({}), taken as one without words",
                            event.provider(),
                            event.id(),
                            e.getClass().getSimpleName()));
            return otherwise;
        }
    }
}
