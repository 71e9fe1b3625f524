package dev.parley.work.outside;

import io.netty.util.NetUtil;
import io.smallrye.mutiny.Uni;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether a URL that somebody else wrote may be called, and at which address.
 *
 * <p><b>The promise:</b> whoever connects to {@link Admitted#address()} and nowhere else reaches a server on the public
 * internet, by https on port 443, under a name that was allowed; whatever the URL looks like, whatever its name resolves to,
 * now or a moment later. The name is resolved once, here; if any of its addresses is not public, none is used. The only
 * exception is networks that the operator has named: addresses in them may be called by http, by number and on any port.
 *
 * <p>Never logs and never repeats a URL.
 */
public final class UrlGuard {
    private static final int LONGEST = 2048;
    private static final int HTTPS = 443;

    /** Labels of letters, digits and hyphens; two at least; the last one is no number, for such hosts are addresses. */
    private static final Pattern NAME = Pattern.compile("(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+"
            + "(?!0x|[0-9]+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?");

    /** RFC 6890 and its registry: not on the public internet, or a way around this list. Metadata addresses are among them. */
    private static final Networks NOT_PUBLIC = Networks.of(
            "special addresses",
            List.of(
                    "0.0.0.0/8",
                    "10.0.0.0/8",
                    "100.64.0.0/10",
                    "127.0.0.0/8",
                    "169.254.0.0/16",
                    "172.16.0.0/12",
                    "192.0.0.0/24",
                    "192.0.2.0/24",
                    "192.88.99.0/24",
                    "192.168.0.0/16",
                    "198.18.0.0/15",
                    "198.51.100.0/24",
                    "203.0.113.0/24",
                    "224.0.0.0/3",
                    // within 2000::/3: protocols and Teredo, documentation, 6to4
                    "2001::/23",
                    "2001:db8::/32",
                    "2002::/16",
                    "3fff::/20"));

    /** Global unicast: whatever is outside of it is local, mapped, translated (NAT64), multicast or nothing. */
    private static final Networks PUBLIC_SIX = Networks.of("global unicast", List.of("2000::/3"));

    /** Names to addresses. */
    @FunctionalInterface
    public interface Resolver {
        /** Every address of {@code host}, the preferred one first; fails with {@link UnknownHostException} where there is none. */
        Uni<List<InetAddress>> resolve(String host);
    }

    /**
     * What may be called.
     *
     * @param host for TLS and the {@code Host} header; never to be resolved again
     * @param target path and query
     * @param address the only one to connect to
     */
    public record Admitted(boolean isTls, String host, int port, String target, InetAddress address) {}

    private final Resolver resolver;
    private final Networks allowed;

    /** @param allowed what the operator has opened although it is not public; none = nothing */
    public UrlGuard(Resolver resolver, Networks allowed) {
        this.resolver = resolver;
        this.allowed = allowed;
    }

    /**
     * @param hosts who may be called: {@code files.example.com}, or {@code *.example.com} for what is below it; empty =
     *     anybody public
     * @return fails with {@link UrlRefusedException}, or with {@link UnknownHostException} where nobody knows the name (now)
     */
    public Uni<Admitted> admit(String url, Collection<String> hosts) {
        return Uni.createFrom().deferred(() -> {
            try {
                Asked asked = Asked.of(url);
                // Where nothing is opened the answer does not hang on where the name leads: do not even ask.
                if (asked.oddity() != null && allowed.isEmpty()) {
                    throw new UrlRefusedException(asked.oddity());
                }
                if (!isAmong(hosts, asked.host())) {
                    throw new UrlRefusedException("its host is not among those allowed");
                }
                return addresses(asked).map(List::copyOf).chain(found -> admit(asked, found));
            } catch (UrlRefusedException refused) {
                return Uni.createFrom().failure(refused);
            }
        });
    }

    private Uni<List<InetAddress>> addresses(Asked asked) {
        InetAddress literal = asked.literal();
        return literal == null
                ? resolver.resolve(asked.host())
                : Uni.createFrom().item(List.of(literal));
    }

    private Uni<Admitted> admit(Asked asked, List<InetAddress> found) {
        if (found.isEmpty()) {
            return Uni.createFrom().failure(new UnknownHostException("no address"));
        }
        boolean isOpened = found.stream().allMatch(allowed::contains);
        if (!isOpened) {
            if (asked.oddity() != null) {
                return Uni.createFrom().failure(new UrlRefusedException(asked.oddity()));
            }
            if (!found.stream().allMatch(address -> isPublic(address) || allowed.contains(address))) {
                return Uni.createFrom().failure(new UrlRefusedException("its host is not on the public internet"));
            }
        }
        return Uni.createFrom()
                .item(new Admitted(asked.isTls(), asked.host(), asked.port(), asked.target(), found.get(0)));
    }

    static boolean isPublic(InetAddress address) {
        return !NOT_PUBLIC.contains(address) && (address instanceof Inet4Address || PUBLIC_SIX.contains(address));
    }

    private static boolean isAmong(Collection<String> hosts, String host) {
        return hosts.isEmpty()
                || hosts.stream()
                        .map(one -> one.strip().toLowerCase(Locale.ROOT))
                        .anyMatch(one -> one.startsWith("*.") ? host.endsWith(one.substring(1)) : host.equals(one));
    }

    /**
     * A URL taken apart once; requests are made of these parts, so that no second parser can read it in another way.
     *
     * @param literal the host as an address; null = it is a name
     * @param oddity why it may be called in an opened network at most; null = it is as it should be
     */
    private record Asked(
            boolean isTls,
            String host,
            int port,
            String target,
            @Nullable InetAddress literal,
            @Nullable String oddity) {
        static Asked of(String url) throws UrlRefusedException {
            if (url.length() > LONGEST) {
                throw new UrlRefusedException("it is longer than " + LONGEST + " characters");
            }
            URI uri = parsed(url);
            String scheme = Objects.requireNonNullElse(uri.getScheme(), "").toLowerCase(Locale.ROOT);
            if (!Set.of("https", "http").contains(scheme)) {
                throw new UrlRefusedException("it is not https");
            }
            if (uri.getRawUserInfo() != null
                    || Objects.requireNonNullElse(uri.getRawAuthority(), "").contains("@")) {
                throw new UrlRefusedException("it names a user");
            }
            String host = Objects.requireNonNullElse(uri.getHost(), "").toLowerCase(Locale.ROOT);
            InetAddress literal = literal(host);
            if (literal == null && !NAME.matcher(host).matches()) {
                throw new UrlRefusedException("its host is no public name");
            }
            boolean isTls = scheme.equals("https");
            int port = uri.getPort() < 0 ? (isTls ? HTTPS : 80) : uri.getPort();
            if (port == 0 || port > 65_535) {
                throw new UrlRefusedException("its port is none");
            }
            return new Asked(isTls, host, port, target(uri), literal, oddity(isTls, port, literal));
        }

        private static URI parsed(String url) throws UrlRefusedException {
            try {
                return new URI(url.strip());
            } catch (URISyntaxException e) {
                throw new UrlRefusedException("it is not a URL");
            }
        }

        private static String target(URI uri) {
            // What does not belong into a request line is encoded; what is encoded stays as it is.
            URI plain = URI.create(uri.toASCIIString());
            String path = plain.getRawPath().isEmpty() ? "/" : plain.getRawPath();
            return plain.getRawQuery() == null ? path : path + "?" + plain.getRawQuery();
        }

        private static @Nullable String oddity(boolean isTls, int port, @Nullable InetAddress literal) {
            if (!isTls) {
                return "it is not https";
            }
            if (literal != null) {
                return "its host is an address, not a name";
            }
            return port == HTTPS ? null : "its port is not 443";
        }

        /** Only the one spelling that every parser reads alike: four decimal numbers, or IPv6 in brackets without a zone. */
        private static @Nullable InetAddress literal(String host) {
            boolean isSix = host.startsWith("[") && host.endsWith("]") && host.indexOf('%') < 0;
            String bare = isSix ? host.substring(1, host.length() - 1) : host;
            boolean isFour = !isSix && bare.matches("(0|[1-9][0-9]{0,2})(\\.(0|[1-9][0-9]{0,2})){3}");
            if (!isSix && !isFour) {
                return null;
            }
            byte[] bytes = NetUtil.createByteArrayFromIpAddressString(bare);
            try {
                InetAddress address = bytes == null ? null : InetAddress.getByAddress(bytes);
                // Java reads an IPv4 address in IPv6's clothes as what it is; others may not.
                return isSix && address instanceof Inet4Address ? null : address;
            } catch (UnknownHostException e) {
                return null;
            }
        }
    }
}
