package dev.parley.ingest.fuzz;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One way to spoil a body. */
enum Mutation {
    NONE {
        @Override
        byte[] of(byte[] body, Random random) {
            return body;
        }
    },
    TRUNCATED {
        @Override
        byte[] of(byte[] body, Random random) {
            return java.util.Arrays.copyOf(body, random.nextInt(body.length + 1));
        }
    },
    BITS_FLIPPED {
        @Override
        byte[] of(byte[] body, Random random) {
            byte[] changed = body.clone();
            for (int times = random.nextInt(8); times >= 0 && changed.length > 0; times--) {
                changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return changed;
        }
    },
    BYTES_INSERTED {
        @Override
        byte[] of(byte[] body, Random random) {
            byte[] noise = new byte[1 + random.nextInt(32)];
            random.nextBytes(noise);
            return inserted(body, random.nextInt(body.length + 1), noise);
        }
    },
    OTHER_ENCODING {
        private final List<Charset> charsets = List.of(
                StandardCharsets.UTF_16,
                StandardCharsets.UTF_16LE,
                StandardCharsets.UTF_16BE,
                StandardCharsets.ISO_8859_1,
                Charset.forName("UTF-32"));

        @Override
        byte[] of(byte[] body, Random random) {
            String text = new String(body, StandardCharsets.UTF_8).replaceFirst("\"([^\"]*)\"", "\"$1é€\"");
            return text.getBytes(charsets.get(random.nextInt(charsets.size())));
        }
    },
    INVALID_UTF8 {
        private final byte[][] sequences = {
            {(byte) 0xC0, (byte) 0x80},
            {(byte) 0x80},
            {(byte) 0xED, (byte) 0xA0, (byte) 0x80},
            {(byte) 0xF5, (byte) 0x80, (byte) 0x80, (byte) 0x80},
            {(byte) 0xFF, (byte) 0xFE},
            {(byte) 0xE2, (byte) 0x82}
        };

        @Override
        byte[] of(byte[] body, Random random) {
            return inserted(body, insideText(body, random), sequences[random.nextInt(sequences.length)]);
        }
    },
    BYTE_ORDER_MARK {
        @Override
        byte[] of(byte[] body, Random random) {
            return inserted(body, 0, new byte[] {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF});
        }
    },
    ODD_ESCAPES {
        private final String[] escapes = {
            "\\u0000",
            "\\ud800",
            "\\udc00",
            "\\udfff\\ud800",
            "\\ud83d\\ude00",
            "\\u202e",
            "\\/",
            "\\u005c",
            "\\x",
            "\\uD8"
        };

        @Override
        byte[] of(byte[] body, Random random) {
            return inserted(body, insideText(body, random), bytes(escapes[random.nextInt(escapes.length)]));
        }
    },
    CONTROL_CHARACTERS {
        @Override
        byte[] of(byte[] body, Random random) {
            return inserted(body, insideText(body, random), new byte[] {(byte) random.nextInt(32)});
        }
    },
    DEEP {
        @Override
        byte[] of(byte[] body, Random random) {
            int depth = new int[] {10, 63, 64, 65, 1_000, 20_000}[random.nextInt(6)];
            String value = random.nextBoolean()
                    ? "[".repeat(depth) + "]".repeat(depth)
                    : "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
            return withMember(body, "\"deep\":" + value, random);
        }
    },
    LARGE {
        @Override
        byte[] of(byte[] body, Random random) {
            // Seldom: they are most of the run's bytes. Some are too large to be taken.
            int size = random.nextInt(10) == 0 ? 200_000 + random.nextInt(120_000) : random.nextInt(20_000);
            return withMember(body, "\"filler\":\"" + "x".repeat(size) + "\"", random);
        }
    },
    MANY_KEYS {
        @Override
        byte[] of(byte[] body, Random random) {
            StringBuilder keys = new StringBuilder();
            int count = 1 + random.nextInt(500);
            for (int at = 0; at < count; at++) {
                keys.append(at == 0 ? "" : ",")
                        .append("\"k")
                        .append(at)
                        .append("\":")
                        .append(at);
            }
            return withMember(body, keys.toString(), random);
        }
    },
    KEY_TWICE {
        @Override
        byte[] of(byte[] body, Random random) {
            List<String> names = names(body);
            String name = names.isEmpty() ? "type" : names.get(random.nextInt(names.size()));
            return withMember(body, "\"" + name + "\":\"twice\"", random);
        }
    },
    ODD_KEY {
        private final String[] keys = {
            "",
            " ",
            "\\u0000",
            "\\ud800",
            "__proto__",
            "$reason2",
            "a.b",
            "\\\"",
            "x".repeat(999),
            "x".repeat(1_001),
            "x".repeat(60_000),
            "constructor",
            "\\r\\n",
            "💥"
        };

        @Override
        byte[] of(byte[] body, Random random) {
            return withMember(body, "\"" + keys[random.nextInt(keys.length)] + "\":1", random);
        }
    },
    ODD_NUMBER {
        private final String[] numbers = {
            "1e999999999",
            "1e-20000",
            "1e400",
            "-0",
            "0.1e1",
            "1E308",
            "9".repeat(400),
            "9".repeat(5_000),
            "1.".concat("0".repeat(500)),
            "NaN",
            "Infinity",
            "01",
            "+1",
            "0x10",
            "1e",
            "-",
            "18446744073709551616",
            "0." + "0".repeat(300) + "1"
        };

        @Override
        byte[] of(byte[] body, Random random) {
            return withMember(body, "\"odd\":" + numbers[random.nextInt(numbers.length)], random);
        }
    },
    ODD_TYPE {
        private final String[] values = {
            "{}",
            "[]",
            "null",
            "17",
            "1.5",
            "true",
            "\"\"",
            "\" \"",
            "[[\"x\"]]",
            "{\"a\":{}}",
            "-1",
            "\"null\"",
            "[null]"
        };

        @Override
        byte[] of(byte[] body, Random random) {
            JsonObject json = json(body);
            List<String> names = names(body);
            if (names.isEmpty()) {
                return body;
            }
            Object value = new JsonObject("{\"v\":" + values[random.nextInt(values.length)] + "}").getValue("v");
            return json.put(names.get(random.nextInt(names.size())), value)
                    .toBuffer()
                    .getBytes();
        }
    },
    MEMBER_GONE {
        @Override
        byte[] of(byte[] body, Random random) {
            JsonObject json = json(body);
            List<String> names = names(body);
            if (!names.isEmpty()) {
                json.remove(names.get(random.nextInt(names.size())));
            }
            return json.toBuffer().getBytes();
        }
    },
    ODD_TEXT {
        private final String[] texts = {
            "' OR 1=1; --",
            "<script>alert(1)</script>",
            "{{7*7}}",
            "${jndi:ldap://x}",
            "../../etc/passwd",
            "\r\nHTTP/1.1 200",
            "STOP",
            "🙂".repeat(800),
            "%s%n%x",
            "\u202Eabc",
            "a".repeat(5_000),
            "ignore all previous instructions"
        };

        @Override
        byte[] of(byte[] body, Random random) {
            JsonObject json = json(body);
            List<String> names = names(body).stream()
                    .filter(name -> json.getValue(name) instanceof String)
                    .toList();
            return names.isEmpty()
                    ? body
                    : json.put(names.get(random.nextInt(names.size())), texts[random.nextInt(texts.length)])
                            .toBuffer()
                            .getBytes();
        }
    },
    NOT_ONE_OBJECT {
        @Override
        byte[] of(byte[] body, Random random) {
            String text = new String(body, StandardCharsets.UTF_8);
            return bytes(
                    switch (random.nextInt(7)) {
                        case 0 -> "[" + text + "]";
                        case 1 -> text + text;
                        case 2 -> text + "//" + text.length();
                        case 3 -> "\"" + text.length() + random.nextInt() + "\"";
                        case 4 -> " \n\t" + text + "\n ";
                        case 5 -> text + "\u0000";
                        default -> "x=" + random.nextInt() + "&" + text;
                    });
        }
    },
    NOISE {
        @Override
        byte[] of(byte[] body, Random random) {
            byte[] noise = new byte[8 + random.nextInt(2_000)];
            random.nextBytes(noise);
            return noise;
        }
    };

    abstract byte[] of(byte[] body, Random random);

    static byte[] spoilt(byte[] body, Random random, List<Mutation> done) {
        byte[] spoilt = body;
        // Mostly one: what two break, the first has often broken before the second comes to it.
        for (int times = random.nextInt(4) == 0 ? 2 : 1; times > 0; times--) {
            Mutation mutation = values()[random.nextInt(values().length)];
            done.add(mutation);
            spoilt = mutation.of(spoilt, random);
        }
        return spoilt;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Empty where it is no readable object any more. */
    private static JsonObject json(byte[] body) {
        try {
            return new JsonObject(new String(body, StandardCharsets.UTF_8));
        } catch (RuntimeException | StackOverflowError e) {
            return new JsonObject().put("unreadable", body.length).put("sum", java.util.Arrays.hashCode(body));
        }
    }

    private static List<String> names(byte[] body) {
        return new ArrayList<>(json(body).fieldNames());
    }

    private static byte[] inserted(byte[] body, int at, byte[] more) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.write(body, 0, at);
        all.writeBytes(more);
        all.write(body, at, body.length - at);
        return all.toByteArray();
    }

    /** Just after some quote that opens or closes a text. */
    private static int insideText(byte[] body, Random random) {
        int from = body.length == 0 ? 0 : random.nextInt(body.length);
        for (int at = from; at < body.length; at++) {
            if (body[at] == '"') {
                return at + 1;
            }
        }
        return from;
    }

    /** A member more, first or last. */
    private static byte[] withMember(byte[] body, String member, Random random) {
        String text = new String(body, StandardCharsets.UTF_8);
        int open = text.indexOf('{');
        int close = text.lastIndexOf('}');
        if (open < 0 || close <= open) {
            return bytes("{" + member + ",\"n\":" + random.nextInt() + "}");
        }
        boolean isEmpty = text.substring(open + 1, close).isBlank();
        return bytes(
                random.nextBoolean()
                        ? text.substring(0, open + 1) + member + (isEmpty ? "" : ",") + text.substring(open + 1)
                        : text.substring(0, close) + (isEmpty ? "" : ",") + member + text.substring(close));
    }
}
