package leanvit.testdata;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** What Maven Central asks of each published pom, and the bill of materials, which has no parent to inherit from. */
class ReleasedPomsTest {

    private static final Path ROOT = TestData.directory().resolve("..");
    private static final List<String> JARS = List.of("kernels", "reducers", "vit/model", "vit/app", "vit/spring",
            "vit/spark", "vit/langchain4j");
    private static final List<String> PARENTS = List.of(".", "vit");

    private static Element pom(String folder) throws Exception {
        return DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(ROOT.resolve(folder).resolve("pom.xml").toFile()).getDocumentElement();
    }

    /** Returns the text at a path of elements, each the first of its name; empty where there is none. */
    private static String text(Element from, String... path) {
        Element element = from;
        for (String name : path) {
            Element next = null;
            for (Node child = element.getFirstChild(); child != null && next == null; child = child.getNextSibling()) {
                next = child instanceof Element found && found.getTagName().equals(name) ? found : null;
            }
            if (next == null) {
                return "";
            }
            element = next;
        }
        return element.getTextContent().strip();
    }

    @Test
    void theParentAndTheBillOfMaterialsSayWhatAllInherit() throws Exception {
        for (String folder : new String[] {".", "vit/bom"}) {
            Element pom = pom(folder);
            assertThat(text(pom, "url")).as(folder).startsWith("https://");
            assertThat(text(pom, "licenses", "license", "name")).as(folder).isEqualTo("Apache-2.0");
            assertThat(text(pom, "developers", "developer", "name")).as(folder).isNotEmpty();
            assertThat(text(pom, "scm", "url")).as(folder).isNotEmpty();
            assertThat(text(pom, "scm", "connection")).as(folder).startsWith("scm:git:");
        }
        for (String[] path : new String[][] {{"url"}, {"groupId"}, {"version"}, {"scm", "url"}, {"scm", "connection"},
                {"licenses", "license", "url"}, {"developers", "developer", "name"}}) {
            assertThat(text(pom("vit/bom"), path)).isEqualTo(text(pom("."), path));
        }
    }

    @Test
    void eachSaysWhatItIs() throws Exception {
        String version = text(pom("."), "version");
        List<String> folders = new ArrayList<>(JARS);
        folders.addAll(PARENTS);
        folders.add("vit/bom");
        for (String folder : folders) {
            Element pom = pom(folder);
            assertThat(text(pom, "name")).as(folder).isNotEmpty();
            assertThat(text(pom, "description")).as(folder).isNotEmpty();
            assertThat(text(pom, "parent", "version")).as(folder).isIn("", version);
        }
    }

    @Test
    void theBillOfMaterialsHasAllJars() throws Exception {
        List<String> artifacts = new ArrayList<>();
        for (String folder : JARS) {
            artifacts.add(text(pom(folder), "artifactId"));
        }
        Element bom = pom("vit/bom");
        List<String> managed = new ArrayList<>();
        for (int i = 0; i < bom.getElementsByTagName("dependency").getLength(); i++) {
            Element dependency = (Element) bom.getElementsByTagName("dependency").item(i);
            managed.add(text(dependency, "artifactId"));
            assertThat(text(dependency, "version")).isEqualTo("${project.version}");
        }
        assertThat(new TreeSet<>(managed)).isEqualTo(new TreeSet<>(artifacts)).hasSameSizeAs(managed);
    }
}
