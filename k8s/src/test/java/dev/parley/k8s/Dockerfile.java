package dev.parley.k8s;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Dockerfile, instruction by instruction.
 *
 * @param instructions of all stages, in order, with continued lines joined
 */
record Dockerfile(String file, List<Instruction> instructions) {
    record Instruction(String word, String rest) {}

    /** @param sources as written, {@code target} ends in a slash where it is a directory */
    record Copy(String stage, List<String> sources, String target) {}

    static Dockerfile read(String file) {
        return parse(file, Checkout.text(file));
    }

    static Dockerfile parse(String file, String text) {
        List<Instruction> instructions = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String raw : text.split("\n")) {
            String part = raw.strip();
            if (part.startsWith("#") || part.isEmpty()) {
                continue;
            }
            if (part.endsWith("\\")) {
                line.append(part, 0, part.length() - 1);
                continue;
            }
            String[] words = line.append(part).toString().split("\\s+", 2);
            instructions.add(new Instruction(words[0], words[1]));
            line.setLength(0);
        }
        return new Dockerfile(file, List.copyOf(instructions));
    }

    /** From the last FROM on: what the image is. */
    List<Instruction> lastStage() {
        int from = 0;
        for (int i = 0; i < instructions.size(); i++) {
            if (instructions.get(i).word().equals("FROM")) {
                from = i;
            }
        }
        return instructions.subList(from, instructions.size());
    }

    /** The last word on {@code word} in the image; empty if it says nothing. */
    String last(String word) {
        String found = "";
        for (Instruction instruction : lastStage()) {
            if (instruction.word().equals(word)) {
                found = instruction.rest();
            }
        }
        return found;
    }

    List<String> all(String word) {
        return instructions.stream()
                .filter(instruction -> instruction.word().equals(word))
                .map(Instruction::rest)
                .toList();
    }

    List<Copy> copies() {
        return lastStage().stream()
                .filter(instruction -> instruction.word().equals("COPY"))
                .map(instruction -> copy(instruction.rest()))
                .toList();
    }

    private static Copy copy(String rest) {
        List<String> words = new ArrayList<>(Arrays.asList(rest.split("\\s+")));
        String stage = "";
        while (words.get(0).startsWith("--")) {
            String option = words.remove(0);
            if (option.startsWith("--from=")) {
                stage = option.substring("--from=".length());
            }
        }
        String target = words.remove(words.size() - 1);
        return new Copy(stage, List.copyOf(words), target);
    }

    /** What is wrong with it as an image of this house, whatever it holds; empty = nothing. */
    List<String> findings() {
        List<String> found = new ArrayList<>();
        for (String image : all("FROM")) {
            String name = image.split("\\s+")[0];
            if (!name.contains(":") || name.endsWith(":latest")) {
                found.add(file + " builds on " + name + ": no fixed version");
            }
        }
        if (!last("USER").matches("[1-9]\\d*:[1-9]\\d*")) {
            found.add(file + " does not run as a numbered user without rights");
        }
        if (!last("ENTRYPOINT").matches("\\[\"java\", .*\"-jar\", \"[a-z-]+\\.jar\"]")) {
            found.add(file + " does not start java itself: the signal to stop would not reach it");
        }
        if (!last("ENTRYPOINT").matches(".*\"-XX:MaxRAMPercentage=[4-8]\\d\".*")) {
            found.add(file + " leaves a quarter of the memory to the heap, as is the JVM's habit");
        }
        if (!last("ENTRYPOINT").contains("\"-XX:+ExitOnOutOfMemoryError\"")) {
            found.add(file + " limps on when memory is out");
        }
        if (!last("STOPSIGNAL").equals("SIGTERM")) {
            found.add(file + " is not stopped by SIGTERM");
        }
        if (!last("CMD").isEmpty()) {
            found.add(file + " has a CMD beside its ENTRYPOINT");
        }
        if (!last("RUN").isEmpty()) {
            found.add(file + " runs something in the image: build in the stage before");
        }
        for (Copy copy : copies()) {
            if (!copy.stage().equals("build")) {
                found.add("%s copies %s from outside the build".formatted(file, copy.sources()));
            }
        }
        return found;
    }
}
