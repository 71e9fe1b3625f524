package dev.parley.sandbox;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Words of a command line: {@code --name value}, {@code --name=value}, {@code --switch} and the rest. */
record Arguments(Map<String, String> options, Set<String> switches, List<String> rest) {

    /** @throws SandboxException naming what is unknown or lacks its value, with the nearest name that exists */
    static Arguments parse(List<String> words, Set<String> withValue, Set<String> switches) {
        Map<String, String> options = new LinkedHashMap<>();
        Set<String> on = new java.util.LinkedHashSet<>();
        List<String> rest = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (!word.startsWith("-") || word.equals("-")) {
                rest.add(word);
                continue;
            }
            String name = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
            if (switches.contains(name) && name.equals(word)) {
                on.add(name);
            } else if (withValue.contains(name)) {
                if (!name.equals(word)) {
                    options.put(name, word.substring(name.length() + 1));
                } else if (i + 1 < words.size()) {
                    options.put(name, words.get(++i));
                } else {
                    throw new SandboxException(name + " needs a value");
                }
            } else {
                Set<String> known = new java.util.TreeSet<>(withValue);
                known.addAll(switches);
                throw new SandboxException("unknown option " + name
                        + Suggestion.among(known, name)
                                .map(near -> "; did you mean " + near + "?")
                                .orElse(""));
            }
        }
        return new Arguments(Map.copyOf(options), Set.copyOf(on), List.copyOf(rest));
    }

    Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }

    boolean has(String name) {
        return switches.contains(name);
    }

    int number(String name, int otherwise, int least, int most) {
        String text = options.get(name);
        if (text == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a number out of range.
        }
        throw new SandboxException(name + " takes a number from " + least + " to " + most + ", not " + text);
    }
}
