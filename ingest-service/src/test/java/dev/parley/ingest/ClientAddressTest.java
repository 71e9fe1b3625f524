package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressTest {
    private static final ClientAddress BEHIND = new ClientAddress(List.of("10.0.0.0/8", "fd00::/8", " 192.0.2.7 "));

    @Test
    void without_trusted_proxies_the_header_means_nothing() {
        assertThat(new ClientAddress(List.of()).of("10.0.0.1", List.of("203.0.113.9")))
                .isEqualTo("10.0.0.1");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.1.2.3     | 203.0.113.9                         | 203.0.113.9",
                "192.0.2.7    | 203.0.113.9                         | 203.0.113.9",
                "192.0.2.8    | 203.0.113.9                         | 192.0.2.8",
                // What the sender wrote itself stands before what our proxy appended.
                "10.1.2.3     | 1.1.1.1, 203.0.113.9                | 203.0.113.9",
                "10.1.2.3     | 1.1.1.1, 203.0.113.9, 10.0.0.9      | 203.0.113.9",
                "10.1.2.3     | 203.0.113.9:4711                    | 203.0.113.9",
                "fd00::1      | [2001:db8::5]:4711                  | 2001:db8::5",
                "::ffff:10.1.2.3 | 203.0.113.9                      | 203.0.113.9",
                "10.1.2.3     | localhost                           | 10.1.2.3",
                "10.1.2.3     | 203.0.113.9, unknown                | 10.1.2.3",
                "10.1.2.3     | ' , '                               | 10.1.2.3",
                "10.1.2.3     | 10.0.0.1, 10.0.0.2                  | 10.0.0.1",
            })
    void the_header_is_believed_as_far_as_our_own_proxies_wrote_it(String peer, String header, String client) {
        assertThat(BEHIND.of(peer, List.of(header))).isEqualTo(client);
    }

    @Test
    void several_headers_are_one_list() {
        assertThat(BEHIND.of("10.1.2.3", List.of("1.1.1.1", "203.0.113.9, 10.0.0.1")))
                .isEqualTo("203.0.113.9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/-1", "proxy.example.com", "10.0.0", "::/129", "10.0.0.0/x"})
    void a_proxy_that_is_no_network_is_named(String proxy) {
        assertThatThrownBy(() -> new ClientAddress(List.of(proxy)))
                .hasMessageContaining("trusted-proxies")
                .hasMessageContaining(proxy);
    }

    @Test
    void ipv6_neighbours_share_a_budget_and_ipv4_neighbours_do_not() {
        assertThat(ClientAddress.budgetOf("2001:db8:1:2::1"))
                .isEqualTo(ClientAddress.budgetOf("2001:db8:1:2:ffff::9"))
                .isNotEqualTo(ClientAddress.budgetOf("2001:db8:1:3::1"));
        assertThat(ClientAddress.budgetOf("203.0.113.9"))
                .isEqualTo(ClientAddress.budgetOf("::ffff:203.0.113.9"))
                .isNotEqualTo(ClientAddress.budgetOf("203.0.113.8"));
    }
}
