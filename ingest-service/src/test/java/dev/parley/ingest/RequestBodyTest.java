package dev.parley.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestBodyTest {
    static List<List<String>> pieces() {
        return List.of(
                List.of(),
                List.of("whole"),
                List.of("in ", "two"),
                List.of("a", "", "b", "longer than what was there before", "."));
    }

    @ParameterizedTest
    @MethodSource("pieces")
    void is_all_pieces_in_their_order(List<String> pieces) {
        RequestBody body = new RequestBody();
        pieces.forEach(piece -> body.add(Buffer.buffer(piece)));

        String whole = String.join("", pieces);
        assertThat(new String(body.bytes(), StandardCharsets.UTF_8)).isEqualTo(whole);
        assertThat(body.length()).isEqualTo(whole.length());
    }

    @ParameterizedTest
    @MethodSource("pieces")
    void leaves_the_pieces_as_they_came(List<String> pieces) {
        List<Buffer> came = pieces.stream().map(Buffer::buffer).toList();
        RequestBody body = new RequestBody();
        came.forEach(body::add);

        assertThat(came.stream().map(Buffer::toString).toList()).isEqualTo(pieces);
    }
}
