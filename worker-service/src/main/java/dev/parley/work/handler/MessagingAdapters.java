package dev.parley.work.handler;

import dev.parley.spi.MessagingAdapter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The installed messaging adapters by name. */
public final class MessagingAdapters {
    private final Map<String, MessagingAdapter> byName;

    /** @throws IllegalArgumentException if two have the same name */
    public MessagingAdapters(Iterable<MessagingAdapter> adapters) {
        Map<String, MessagingAdapter> all = new HashMap<>();
        for (MessagingAdapter adapter : adapters) {
            if (all.put(adapter.name(), adapter) != null) {
                throw new IllegalArgumentException("two messaging adapters are called " + adapter.name());
            }
        }
        this.byName = Map.copyOf(all);
    }

    Optional<MessagingAdapter> find(@Nullable String name) {
        return name == null ? Optional.empty() : Optional.ofNullable(byName.get(name));
    }
}
