package dev.parley.work.outside;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Some networks. Immutable. */
public final class Networks {
    private final List<IpSubnetFilterRule> rules;

    private Networks(List<IpSubnetFilterRule> rules) {
        this.rules = rules;
    }

    public static Networks none() {
        return new Networks(List.of());
    }

    /**
     * @param setting where {@code texts} come from
     * @param texts addresses or networks, such as {@code 10.1.2.0/24} or {@code fd00::/8}; blank ones are left out
     * @throws IllegalArgumentException names the setting and the text that is neither
     */
    public static Networks of(String setting, List<String> texts) {
        return new Networks(texts.stream()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .map(text -> rule(setting, text))
                .toList());
    }

    private static IpSubnetFilterRule rule(String setting, String text) {
        String[] parts = text.split("/", -1);
        boolean isFour = NetUtil.isValidIpV4Address(parts[0]);
        int most = isFour ? 32 : 128;
        boolean isNetwork = (isFour || NetUtil.isValidIpV6Address(parts[0]))
                && parts.length <= 2
                && (parts.length == 1 || parts[1].matches("[0-9]{1,3}") && Integer.parseInt(parts[1]) <= most);
        if (!isNetwork) {
            throw new IllegalArgumentException(
                    setting + ": \"" + text + "\" is neither an address nor a network such as 10.1.2.0/24 or fd00::/8");
        }
        int bits = parts.length == 1 ? most : Integer.parseInt(parts[1]);
        return new IpSubnetFilterRule(parts[0], bits, IpFilterRuleType.ACCEPT);
    }

    public boolean isEmpty() {
        return rules.isEmpty();
    }

    public boolean contains(InetAddress address) {
        InetSocketAddress asked = new InetSocketAddress(address, 0);
        return rules.stream().anyMatch(rule -> rule.matches(asked));
    }
}
