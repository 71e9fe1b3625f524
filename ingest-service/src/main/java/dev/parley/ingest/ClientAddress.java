package dev.parley.ingest;

import io.netty.util.NetUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who a request came from. {@code X-Forwarded-For} is what anybody cares to write, except for the entries our own proxies
 * appended: it is read from its end, for as long as the one that appended the entry is a configured proxy.
 */
final class ClientAddress {
    /** @param bits how many leading bits of {@code address} (16 bytes) count */
    private record Network(byte[] address, int bits) {
        boolean contains(byte[] other) {
            for (int bit = 0; bit < bits; bit += 8) {
                int mask = bits - bit >= 8 ? 0xFF : 0xFF << (8 - (bits - bit));
                if (((address[bit / 8] ^ other[bit / 8]) & mask) != 0) {
                    return false;
                }
            }
            return true;
        }
    }

    private final List<Network> proxies;

    /**
     * @param trustedProxies addresses or networks, such as {@code 10.0.0.0/8}
     * @throws IllegalArgumentException names the one that is neither
     */
    ClientAddress(List<String> trustedProxies) {
        List<Network> networks = new ArrayList<>();
        for (String proxy : trustedProxies) {
            if (!proxy.isBlank()) {
                networks.add(network(proxy.strip()));
            }
        }
        this.proxies = List.copyOf(networks);
    }

    private static Network network(String text) {
        int slash = text.indexOf('/');
        String host = slash < 0 ? text : text.substring(0, slash);
        byte @Nullable [] address = bytes(host);
        int offset = host.indexOf(':') < 0 ? 96 : 0;
        try {
            int bits = slash < 0 ? 128 : offset + Integer.parseInt(text.substring(slash + 1));
            if (address != null && bits >= offset && bits <= 128) {
                return new Network(address, bits);
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("parley.ingest.limits.trusted-proxies: \"" + text
                + "\" is neither an address nor a network such as 10.0.0.0/8 or fd00::/8");
    }

    /** Without any, everybody is who the connection is with. */
    boolean hasProxies() {
        return !proxies.isEmpty();
    }

    /**
     * @param peer who the connection is with
     * @param forwardedFor values of {@code X-Forwarded-For}, in the order they came
     */
    String of(String peer, List<String> forwardedFor) {
        if (proxies.isEmpty() || forwardedFor.isEmpty() || !isProxy(peer)) {
            return peer;
        }
        String nearest = peer;
        String[] hops = String.join(",", forwardedFor).split(",", -1);
        for (int at = hops.length - 1; at >= 0 && isProxy(nearest); at--) {
            String hop = bare(hops[at].strip());
            if (bytes(hop) == null) {
                return nearest;
            }
            nearest = hop;
        }
        return nearest;
    }

    /** Without the port that some proxies add. */
    private static String bare(String hop) {
        if (hop.startsWith("[")) {
            int end = hop.indexOf(']');
            return end < 0 ? hop : hop.substring(1, end);
        }
        int colon = hop.indexOf(':');
        return colon >= 0 && colon == hop.lastIndexOf(':') ? hop.substring(0, colon) : hop;
    }

    private boolean isProxy(String address) {
        byte @Nullable [] bytes = bytes(address);
        if (bytes == null) {
            return false;
        }
        for (Network proxy : proxies) {
            if (proxy.contains(bytes)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whose budget it is: an IPv4 address, or the 64 bits of an IPv6 network, within which anybody has as many addresses as
     * they like.
     */
    static long budgetOf(String address) {
        byte @Nullable [] bytes = bytes(address);
        if (bytes == null) {
            return address.hashCode();
        }
        boolean four = bytes[10] == -1 && bytes[11] == -1 && isZero(bytes, 10);
        long key = four ? 0xFFFFL : 0;
        for (int at = four ? 12 : 0; at < (four ? 16 : 8); at++) {
            key = key << 8 | bytes[at] & 0xFF;
        }
        return key;
    }

    private static boolean isZero(byte[] bytes, int count) {
        for (int at = 0; at < count; at++) {
            if (bytes[at] != 0) {
                return false;
            }
        }
        return true;
    }

    /** 16 bytes, IPv4 mapped; null = no literal address. Names are never resolved. */
    private static byte @Nullable [] bytes(String address) {
        byte @Nullable [] bytes = NetUtil.createByteArrayFromIpAddressString(address);
        if (bytes == null || bytes.length == 16) {
            return bytes;
        }
        byte[] mapped = new byte[16];
        Arrays.fill(mapped, 10, 12, (byte) -1);
        System.arraycopy(bytes, 0, mapped, 12, 4);
        return mapped;
    }
}
