package dev.parley.ingest.fuzz;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The generator: mutated real samples of every provider, half of them signed as the vendor would, half of them not. Case
 * {@code n} of a seed is always the same, whatever was asked for before.
 */
public final class FuzzCases {
    private final long seed;
    private final String slug;
    private final List<FuzzSubject> subjects;
    private final List<String> unsignedOnly;

    /**
     * @param slug the tenant for whom {@link FuzzSubject#settings} and {@link FuzzSubject#secrets} were set up; also the tag
     * @param unsignedOnly further providers, of which nothing is known but their names
     */
    public FuzzCases(long seed, String slug, List<FuzzSubject> subjects, List<String> unsignedOnly) {
        if (subjects.isEmpty()) {
            throw new IllegalArgumentException("nobody's samples to start from");
        }
        this.seed = seed;
        this.slug = slug;
        this.subjects = List.copyOf(subjects);
        this.unsignedOnly = List.copyOf(unsignedOnly);
    }

    public FuzzCase at(long number) {
        Random random = new Random(seed * 1_000_003 + number);
        random.nextInt();
        int among = (int) Math.floorMod(number, (long) (subjects.size() + unsignedOnly.size()));
        if (among >= subjects.size()) {
            return stranger(
                    number,
                    unsignedOnly.get(among - subjects.size()),
                    subjects.get(random.nextInt(subjects.size())),
                    random);
        }
        FuzzSubject subject = subjects.get(among);
        return random.nextBoolean() ? genuine(number, subject, random) : forged(number, subject, random);
    }

    private byte[] sample(FuzzSubject subject, long number, Random random) {
        List<byte[]> samples = subject.samples(slug, number);
        return samples.get(random.nextInt(samples.size()));
    }

    private FuzzCase genuine(long number, FuzzSubject subject, Random random) {
        List<Mutation> done = new ArrayList<>();
        byte[] body = subject.sendable(Mutation.spoilt(sample(subject, number, random), random, done));
        String path = subject.path(slug);
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        subject.sign(path, body, number).forEach((name, value) -> headers.add(Map.entry(oddCase(name, random), value)));
        harmless(headers, random);
        // What is not signed may be changed by anybody on the way.
        String sent = random.nextInt(10) == 0 && !subject.signsThePath() ? path + "?n=" + number : path;
        return new FuzzCase(
                number,
                subject.name(),
                subject.canSign(body),
                done.toString(),
                body,
                FuzzCase.wire(subject, subject.method(), sent, headers, body, random));
    }

    private static String oddCase(String name, Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> name.toLowerCase(java.util.Locale.ROOT);
            case 1 -> name.toUpperCase(java.util.Locale.ROOT);
            default -> name;
        };
    }

    private static void harmless(List<Map.Entry<String, String>> headers, Random random) {
        switch (random.nextInt(8)) {
            case 0 -> headers.add(Map.entry("X-Forwarded-For", "1.2.3.4, ::1, nonsense"));
            case 1 -> headers.add(Map.entry("traceparent", "00-" + "g".repeat(32) + "-x-01"));
            case 2 -> headers.add(Map.entry("X-Noise", "\u00ff\u00fe\t" + "x".repeat(random.nextInt(4_000))));
            case 3 -> headers.add(Map.entry("Cookie", "a=b; ".repeat(random.nextInt(100))));
            case 4 -> headers.add(Map.entry("X-WH-Signature", "AAAA"));
            case 5 -> headers.add(0, Map.entry("User-Agent", "() { :;}; echo"));
            default -> {
                // as it is
            }
        }
    }

    private FuzzCase forged(long number, FuzzSubject subject, Random random) {
        List<Mutation> done = new ArrayList<>();
        byte[] original = sample(subject, number, random);
        byte[] body = subject.sendable(random.nextBoolean() ? original : Mutation.spoilt(original, random, done));
        String path = subject.path(slug);
        Map<String, String> signed = new LinkedHashMap<>(subject.sign(path, body, number));
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        String method = subject.method();
        String what;
        List<String> names = new ArrayList<>(signed.keySet());
        names.remove("Content-Type");
        String victim = names.get(random.nextInt(names.size()));
        switch (random.nextInt(subject.signsTheBody() ? 8 : 7)) {
            case 0 -> {
                what = "no headers";
                signed.keySet().removeAll(names);
            }
            case 1 -> {
                what = "without " + victim;
                signed.remove(victim);
            }
            case 2 -> {
                what = victim + " worthless";
                String[] worthless = {"N/A", "null", "====", "v1,", ".", "-1", "x".repeat(5_000), "\u00e9", "0"};
                signed.put(victim, worthless[random.nextInt(worthless.length)]);
            }
            case 3 -> {
                what = victim + " twice";
                headers.add(Map.entry(victim, signed.get(victim)));
            }
            case 4 -> {
                what = victim + " changed";
                signed.put(victim, changed(signed.get(victim), random));
            }
            case 5 -> {
                what = "nobody's path";
                String[] paths = {
                    "/webhooks/" + subject.provider() + "/nobody-" + number,
                    "/webhooks/" + subject.provider() + "/" + slug + "/more",
                    "/webhooks/" + subject.provider() + "x",
                    "/webhooks//" + slug,
                    "/webhooks/%ff%00/" + slug,
                    "/"
                };
                path = paths[random.nextInt(paths.length)];
            }
            case 6 -> {
                what = "another method";
                method = List.of("PUT", "DELETE", "PATCH", "OPTIONS", "FUZZ").get(random.nextInt(5));
            }
            default -> {
                what = "a byte of the body changed after signing";
                body = body.length == 0 ? new byte[] {'x'} : body.clone();
                body[random.nextInt(body.length)] ^= 1;
            }
        }
        signed.forEach((name, value) -> headers.add(Map.entry(name, value)));
        return new FuzzCase(
                number,
                subject.name(),
                false,
                what + " " + done,
                body,
                FuzzCase.wire(subject, method, path, headers, body, random));
    }

    /** Another letter, at a place where every letter counts. */
    private static String changed(String value, Random random) {
        StringBuilder text = new StringBuilder(value);
        int at = random.nextInt(Math.max(1, text.length() - 3));
        text.setCharAt(at, text.charAt(at) == 'q' ? 'z' : 'q');
        return text.toString();
    }

    private FuzzCase stranger(long number, String provider, FuzzSubject lender, Random random) {
        List<Mutation> done = new ArrayList<>();
        byte[] body = Mutation.spoilt(sample(lender, number, random), random, done);
        String path = "/webhooks/" + provider + (random.nextBoolean() ? "" : "/" + slug);
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        if (random.nextBoolean()) {
            // Somebody else's signature.
            lender.sign(path, body, number).forEach((name, value) -> headers.add(Map.entry(name, value)));
        }
        harmless(headers, random);
        return new FuzzCase(
                number, provider, false, "stranger " + done, body, FuzzCase.wire("POST", path, headers, body, random));
    }
}
