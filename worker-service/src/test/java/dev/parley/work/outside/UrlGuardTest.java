package dev.parley.work.outside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.work.outside.UrlGuard.Admitted;
import io.smallrye.mutiny.Uni;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UrlGuardTest {
    private static final String PUBLIC = "93.184.215.14";

    private final List<String> resolved = new ArrayList<>();
    private Map<String, List<String>> names = Map.of();

    private UrlGuard guard(String... allowed) {
        return new UrlGuard(
                host -> {
                    resolved.add(host);
                    List<String> addresses = names.getOrDefault(host, List.of(PUBLIC));
                    return addresses.isEmpty()
                            ? Uni.createFrom().failure(new UnknownHostException(host))
                            : Uni.createFrom()
                                    .item(addresses.stream()
                                            .map(UrlGuardTest::address)
                                            .toList());
                },
                Networks.of("test", List.of(allowed)));
    }

    private static InetAddress address(String literal) {
        try {
            return InetAddress.getByName(literal);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static Admitted admit(UrlGuard guard, String url, String... hosts) throws Throwable {
        try {
            return guard.admit(url, List.of(hosts)).subscribeAsCompletionStage().join();
        } catch (java.util.concurrent.CompletionException e) {
            throw e.getCause();
        }
    }

    private static void assertRefused(UrlGuard guard, String url, String... hosts) {
        assertThatThrownBy(() -> admit(guard, url, hosts))
                .as(url)
                .isInstanceOf(UrlRefusedException.class)
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void a_public_https_url_is_admitted_at_one_address_with_its_path_as_it_is() throws Throwable {
        Admitted admitted = admit(guard(), "https://Files.Example.com/a%2Fb/ä?x=1&y=%20#part");

        assertThat(admitted)
                .isEqualTo(new Admitted(true, "files.example.com", 443, "/a%2Fb/%C3%A4?x=1&y=%20", address(PUBLIC)));
        assertThat(resolved).as("once, and never again").containsExactly("files.example.com");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://169.254.169.254/latest/meta-data/",
                "https://169.254.169.254/",
                "https://127.0.0.1/",
                "https://93.184.215.14/",
                "https://2130706433/",
                "https://0x7f000001/",
                "https://0x7f.0.0.1/",
                "https://0177.0.0.1/",
                "https://017700000001/",
                "https://127.1/",
                "https://127.0.0.1./",
                "https://0/",
                "https://[::1]/",
                "https://[::]/",
                "https://[::ffff:127.0.0.1]/",
                "https://[::ffff:7f00:1]/",
                "https://[::ffff:93.184.215.14]/",
                "https://[64:ff9b::7f00:1]/",
                "https://[2002:7f00:1::]/",
                "https://[fe80::1%25eth0]/",
                "https://[fd00:ec2::254]/",
                "https://localhost/",
                "https://metadata/",
                "https://files.example.com:8443/",
                "https://files.example.com:80/",
                "https://files.example.com:0/",
                "https://files.example.com:99999/",
                "http://files.example.com/",
                "ftp://files.example.com/",
                "file:///etc/passwd",
                "gopher://files.example.com/",
                "javascript:alert(1)",
                "data:text/plain,x",
                "//files.example.com/",
                "files.example.com/x",
                "https:files.example.com/",
                "https:///x",
                "https://",
                "",
                "https://user:hunter2@files.example.com/",
                "https://files.example.com@127.0.0.1/",
                "https://127.0.0.1@files.example.com/",
                "https://files.example.com%40127.0.0.1/",
                "https://files.example.com\\@127.0.0.1/",
                "https://files.example.com#@127.0.0.1\\/",
                "https://files.example.com%00.evil.test/",
                "https://files_example.com/",
                "https://files..example.com/",
                "https://.example.com/",
                "https://ⓔxample.com/",
                "https://１２７.0.0.1/",
                "https://127。0。0。1/",
                "https://files.example.com /",
                "https://files.example.com\r\nHost: evil/",
                "https://files.example.123/",
                "https://files.example.0x7f/",
            })
    void a_url_that_is_not_plain_https_to_a_name_is_refused_without_asking_for_it(String url) {
        assertRefused(guard(), url);
        assertThat(resolved).isEmpty();
    }

    @Test
    void a_very_long_url_is_refused() {
        assertRefused(guard(), "https://files.example.com/" + "a".repeat(2048));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0",
                "10.1.2.3",
                "100.64.0.1",
                "100.127.255.255",
                "127.0.0.1",
                "127.8.9.10",
                "169.254.169.254",
                "169.254.170.2",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.192",
                "192.0.2.1",
                "192.88.99.1",
                "192.168.1.1",
                "198.18.0.1",
                "198.51.100.7",
                "203.0.113.7",
                "224.0.0.1",
                "239.255.255.250",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "::1",
                "::127.0.0.1",
                "::ffff:10.0.0.1",
                "64:ff9b::a00:1",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:db8::1",
                "2002:a00:1::1",
                "3fff::1",
                "5f00::1",
                "fc00::1",
                "fd00:ec2::254",
                "fe80::1",
                "fec0::1",
                "ff02::1"
            })
    void a_name_that_leads_to_a_special_address_is_refused(String address) {
        names = Map.of("rebound.example.com", List.of(address));

        assertRefused(guard(), "https://rebound.example.com/");
    }

    @Test
    void one_private_address_among_public_ones_is_enough() {
        names = Map.of("both.example.com", List.of(PUBLIC, "10.0.0.1"));

        assertRefused(guard(), "https://both.example.com/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"93.184.215.14", "100.63.255.255", "172.32.0.1", "223.255.255.255", "2606:2800:21f::1"})
    void public_addresses_are_public(String address) {
        assertThat(UrlGuard.isPublic(address(address))).isTrue();
    }

    @Test
    void a_name_that_nobody_knows_is_no_refusal_but_tells_so() {
        names = Map.of("nowhere.example.com", List.of());

        assertThatThrownBy(() -> admit(guard(), "https://nowhere.example.com/"))
                .isInstanceOf(UnknownHostException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "files.example.com, files.example.com, true",
        "FILES.example.COM, files.example.com, true",
        "a.files.example.com, *.example.com, true",
        "example.com, *.example.com, false",
        "evilexample.com, *.example.com, false",
        "evil.test, files.example.com, false",
        "files.example.com.evil.test, *.example.com, false"
    })
    void only_hosts_that_are_allowed_are_called(String host, String allowed, boolean isAdmitted) throws Throwable {
        if (isAdmitted) {
            assertThat(admit(guard(), "https://" + host + "/", allowed)).isNotNull();
        } else {
            assertRefused(guard(), "https://" + host + "/", allowed);
            assertThat(resolved).isEmpty();
        }
    }

    @Test
    void what_the_operator_has_opened_may_be_called_as_it_is_and_nothing_else() throws Throwable {
        UrlGuard guard = guard("127.0.0.0/8", "fd00::/8");
        names = Map.of("store.example.com", List.of("127.0.0.9"), "other.example.com", List.of("10.0.0.1"));

        assertThat(admit(guard, "http://127.0.0.1:8090/media/1"))
                .isEqualTo(new Admitted(false, "127.0.0.1", 8090, "/media/1", address("127.0.0.1")));
        assertThat(admit(guard, "https://[fd00::5]:9000").address()).isEqualTo(address("fd00::5"));
        assertThat(admit(guard, "http://store.example.com:9000/").port()).isEqualTo(9000);
        assertRefused(guard, "http://10.0.0.1/");
        assertRefused(guard, "http://93.184.215.14/");
        assertRefused(guard, "http://files.example.com/");
        assertRefused(guard, "https://other.example.com/");
        assertRefused(guard, "http://2130706433/");
        assertRefused(guard, "http://0x7f.1/");
        assertRefused(guard, "http://0177.0.0.1/");
        assertRefused(guard, "http://[::ffff:127.0.0.1]/");
        assertRefused(guard, "http://user:hunter2@127.0.0.1/");
        assertRefused(guard, "http://169.254.169.254/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0/8", "everywhere", "10.0.0.0/-1", "10.0.0.0/8/8", "fd00::/129"})
    void a_network_that_is_none_is_named_at_the_start(String text) {
        assertThatThrownBy(() -> Networks.of("parley.media.allowed-networks", List.of("10.0.0.0/8", text)))
                .hasMessageContaining("parley.media.allowed-networks")
                .hasMessageContaining(text);
    }
}
