package leanvit.testdata;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks at class files. */
final class ModuleClasses {

    /** A type's name as class files have it, alone or inside a descriptor or signature; the package is group 1. */
    private static final Pattern TYPE = Pattern.compile("(leanvit(?:/[a-z]\\w*)*)/[A-Z]");
    private static final int MAGIC = 0xCAFEBABE;

    private ModuleClasses() {
    }

    /** Returns the folder that a class was loaded from, which is its module's. */
    static Path folder(Class<?> member) {
        try {
            return Path.of(member.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the packages of this project that a class file names in its constants. */
    static Set<String> packages(Path file) throws IOException {
        Set<String> packages = new TreeSet<>();
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            if (in.readInt() != MAGIC) {
                throw new IOException(file + ": no class file");
            }
            in.readInt();
            int constants = in.readUnsignedShort();
            for (int i = 1; i < constants; i++) {
                int tag = in.readUnsignedByte();
                switch (tag) {
                    case 1 -> {
                        Matcher matcher = TYPE.matcher(in.readUTF());
                        while (matcher.find()) {
                            packages.add(matcher.group(1).replace('/', '.'));
                        }
                    }
                    case 3, 4, 9, 10, 11, 12, 17, 18 -> in.skipNBytes(4);
                    case 5, 6 -> {
                        in.skipNBytes(8);
                        i++;
                    }
                    case 7, 8, 16, 19, 20 -> in.skipNBytes(2);
                    case 15 -> in.skipNBytes(3);
                    default -> throw new IOException(file + ": constant of unknown kind " + tag);
                }
            }
        }
        return packages;
    }
}
