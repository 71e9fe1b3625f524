package dev.parley.sandbox;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the built programs are: {@code root} holds the modules, each with its {@code target}. */
public record Layout(Path root) {

    /** From where this very class was loaded: {@code sandbox/target/sandbox.jar} or {@code sandbox/target/classes}. */
    public static Layout found() {
        try {
            Path here = Path.of(Layout.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            for (Path up = here; up != null; up = up.getParent()) {
                if (Files.isRegularFile(up.resolve("parley")) && Files.isDirectory(up.resolve("sandbox"))) {
                    return new Layout(up);
                }
            }
            throw new SandboxException("the sources of Parley are not above " + here);
        } catch (URISyntaxException e) {
            throw new IllegalStateException("this program does not know where it is", e);
        }
    }

    Path service(String module) {
        Path jar = root.resolve(module).resolve("target/quarkus-app/quarkus-run.jar");
        if (!Files.isRegularFile(jar)) {
            throw new SandboxException(jar + " is not there. Build first: mvn -DskipTests package");
        }
        return jar;
    }

    /** The data a person works with; kept until they delete it. */
    Path usualData() {
        return root.resolve(".data");
    }

    /** Unpacked programs hold no data, so every sandbox of this checkout shares them. */
    Path binaries() {
        return root.resolve(".data").resolve("pg-bin");
    }
}
