package dev.parley.sandbox.standin;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CallBookTest {
    @Test
    void secrets_are_masked_in_forms_and_in_json() {
        assertThat(CallBook.masked("client_id=a&client_secret=s3cr3t&refresh_token=abc.def&grant_type=refresh_token"))
                .isEqualTo("client_id=a&client_secret=***&refresh_token=***&grant_type=refresh_token");
        assertThat(CallBook.masked("{\"access_token\":\"a.b\\\"c\", \"refresh_token\" : \"d\",\"expires_in\":3}"))
                .isEqualTo("{\"access_token\":\"***\", \"refresh_token\" : \"***\",\"expires_in\":3}");
    }

    @Test
    void a_secret_cut_off_by_the_bound_is_masked_too() {
        String cut = CallBook.masked("{\"x\":\"" + "y".repeat(8_160) + "\",\"access_token\":\"tttttttttttttttt\"}");

        assertThat(cut).doesNotContain("tttt");
    }

    @Test
    void the_oldest_calls_are_forgotten_first() {
        CallBook book = new CallBook(2);
        for (int i = 0; i < 3; i++) {
            book.enter(number -> new ReceivedCall(
                    number, Instant.EPOCH, "", null, "GET", "/" + number, "", Map.of(), "", 0, "", null, null));
        }

        assertThat(book.all()).extracting(ReceivedCall::path).containsExactly("/2", "/3");
    }
}
