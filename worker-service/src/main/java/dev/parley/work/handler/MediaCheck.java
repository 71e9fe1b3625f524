package dev.parley.work.handler;

import dev.parley.dialog.Media;
import dev.parley.dialog.Media.State;
import dev.parley.tenant.Tenant;
import dev.parley.work.outside.OutsideHttp;
import dev.parley.work.outside.OutsideHttp.Looked;
import dev.parley.work.outside.UrlRefusedException;
import io.smallrye.mutiny.Uni;
import io.vertx.core.json.JsonArray;
import java.time.Clock;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks where references lead, and puts down what was found there. Loads nothing. */
public final class MediaCheck {
    private static final int AT_ONCE = 8;

    private final OutsideHttp http;
    private final Map<String, List<String>> hostsOfProviders;
    private final Clock clock;

    /** @param hostsOfProviders who may be called, by provider; see {@link OutsideHttp#look} */
    public MediaCheck(OutsideHttp http, Map<String, List<String>> hostsOfProviders, Clock clock) {
        this.http = http;
        this.hostsOfProviders = Map.copyOf(hostsOfProviders);
        this.clock = clock;
    }

    /**
     * @param media in the order of the references
     * @param isClear whether another look could tell no more
     */
    record Checked(List<Media> media, boolean isClear) {}

    private record One(Media media, boolean isClear) {}

    /** Looks at those of {@code media} that are {@link State#UNCHECKED}; never fails, and ends within a few timeouts of a look. */
    Uni<Checked> check(List<Media> media, Tenant tenant, String provider) {
        if (media.isEmpty()) {
            return Uni.createFrom().item(new Checked(media, true));
        }
        Set<String> hosts = hosts(tenant, provider);
        return Uni.join()
                .all(media.stream().map(one -> check(one, hosts)).toList())
                .usingConcurrencyOf(AT_ONCE)
                .andFailFast()
                .map(all -> new Checked(
                        all.stream().map(One::media).toList(), all.stream().allMatch(One::isClear)));
    }

    private Set<String> hosts(Tenant tenant, String provider) {
        Set<String> hosts = new HashSet<>(hostsOfProviders.getOrDefault(provider, List.of()));
        if (tenant.settings().section("media").getValue("hosts") instanceof JsonArray own) {
            own.stream()
                    .filter(String.class::isInstance)
                    .map(String.class::cast)
                    .forEach(hosts::add);
        }
        return hosts;
    }

    private Uni<One> check(Media media, Set<String> hosts) {
        String url = media.url();
        if (url == null || !media.is(State.UNCHECKED)) {
            return Uni.createFrom().item(new One(media, true));
        }
        return http.look(url, hosts)
                .map(looked -> found(media, looked))
                .onFailure()
                .recoverWithItem(failure -> {
                    Instant now = clock.instant();
                    return failure instanceof UrlRefusedException refused
                            ? new One(media.refused(refused.reason(), now), true)
                            : new One(media.unclear(Reason.of(failure), now), false);
                });
    }

    private One found(Media media, Looked looked) {
        Instant now = clock.instant();
        int status = looked.status();
        if (status >= 200 && status < 300) {
            return new One(media.available(looked.mimeType(), looked.bytes(), now), true);
        }
        String reason = "its server answered " + status;
        if (status == 404 || status == 410) {
            return new One(media.gone(reason, now), true);
        }
        // Many want credentials, some do not know HEAD: nothing that time would change.
        return new One(media.unclear(reason, now), status < 500);
    }
}
