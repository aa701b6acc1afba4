package leanvit.vit.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** labels.csv is read as it is written by programs and by people, and refused by its line where it cannot be. */
class LabelledPicturesTest {

    private static final int CLASSES = 1000;

    @TempDir
    Path folder;

    @Test
    void readsFilesAndLabelsInTheirOrder() throws IOException {
        pictures("b.png", "a.jpg", "sub/c.png");
        LabelledPictures pictures = read("file,label\nb.png,999\na.jpg,0\nsub/c.png,7\n");
        assertThat(pictures.labelled()).isTrue();
        assertThat(listed(pictures)).containsExactly("b.png=999", "a.jpg=0", "sub/c.png=7");
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "file,label\na.png,3",
        "file,label\r\na.png,3\r\n",
        "\ufefffile,label\na.png,3\n",
        "\"file\",\"label\"\n\"a.png\",\"3\"\n",
        " file , label \na.png, 3 \n",
        "\n\nfile,label\n\n  \na.png,3\n\n"})
    void takesEveryUsualWayOfWriting(String csv) throws IOException {
        pictures("a.png");
        assertThat(listed(read(csv))).containsExactly("a.png=3");
    }

    @Test
    void takesQuotedNames() throws IOException {
        pictures("a, b.png", "c \"d\".png", "\u00e4 \u6f22.png");
        assertThat(listed(read("file,label\n\"a, b.png\",1\n\"c \"\"d\"\".png\",2\n\u00e4 \u6f22.png,3\n")))
                .containsExactly("a, b.png=1", "c \"d\".png=2", "\u00e4 \u6f22.png=3");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ''                                     | expected file,label in the first line, came none
        'name,label#a.png,3'                   | expected file,label in the first line, came "name,label"
        'a.png,3'                              | expected file,label in the first line, came "a.png,3"
        'file,label,extra#a.png,3,4'           | expected file,label in the first line, came "file,label,extra"
        'file,label'                           | lists no pictures
        'file,label#a.png'                     | line 2: expected 2 fields, file,label, came 1
        'file,label#a.png,3,4'                 | line 2: expected 2 fields, file,label, came 3
        'file,label#a.png,3#b.png,'            | line 3: label "", expected a whole number from 0 to 999
        'file,label#a.png,-1'                  | line 2: label "-1", expected a whole number from 0 to 999
        'file,label#a.png,1000'                | line 2: label "1000", expected a whole number from 0 to 999
        'file,label#a.png,99999999999'         | line 2: label "99999999999", expected a whole number
        'file,label#a.png,cat'                 | line 2: label "cat", expected a whole number
        'file,label#a.png,1.0'                 | line 2: label "1.0", expected a whole number
        'file,label#missing.png,1'             | line 2: no such picture in the folder: "missing.png"
        'file,label#,1'                        | line 2: no such picture in the folder: ""
        'file,label#sub,1'                     | line 2: no such picture in the folder: "sub"
        'file,label#a.png,1##a.png,2'          | line 4: the picture of line 2 again, "a.png"
        'file,label#a.png,1#sub/../a.png,2'    | line 3: the picture of line 2 again
        'file,label#"a.png,1'                  | line 2: a quote that nothing closes
        'file,label#"a.png"x,1'                | line 2: expected a comma or the line's end after the closing quote
        'file,label#a"b.png,1'                 | line 2: a quote inside a field that does not begin with one
        """)
    void saysWhichLineCannotBe(String csv, String problem) throws IOException {
        pictures("a.png", "b.png", "sub/c.png");
        assertThatThrownBy(() -> read(csv.replace('#', '\n'))).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(folder.resolve("labels.csv") + ": " + problem);
    }

    @Test
    void countsTheLinesOfQuotedLineEnds() throws IOException {
        pictures("a.png");
        assertThatThrownBy(() -> read("file,label\n\"a\nb\",1\nc.png,2\n"))
                .hasMessageContaining("line 2: no such picture");
        assertThatThrownBy(() -> read("file,label\na.png,1\n\"a\nb\n")).hasMessageContaining("line 3: a quote");
    }

    @Test
    void refusesWhatIsNoText() throws IOException {
        Files.write(folder.resolve("labels.csv"), new byte[] {'f', (byte) 0xff, '\n'});
        assertThatThrownBy(() -> LabelledPictures.of(List.of(folder), CLASSES))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageEndingWith("labels.csv: no valid UTF-8");
        Files.delete(folder.resolve("labels.csv"));
        Files.createDirectory(folder.resolve("labels.csv"));
        assertThatThrownBy(() -> LabelledPictures.of(List.of(folder), CLASSES))
                .hasMessageEndingWith("not a regular file");
    }

    @Test
    void asksForTheLabelsOfAFolder() {
        assertThatThrownBy(() -> LabelledPictures.of(List.of(folder), CLASSES))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("labels.csv: no such file; expected the line file,label");
    }

    @Test
    void joinsFolders() throws IOException {
        pictures("one/a.png", "two/a.png");
        Files.writeString(folder.resolve("one/labels.csv"), "file,label\na.png,1\n");
        Files.writeString(folder.resolve("two/labels.csv"), "file,label\na.png,2\n");
        assertThat(listed(LabelledPictures.of(List.of(folder.resolve("one"), folder.resolve("two")), CLASSES)))
                .containsExactly("one/a.png=1", "two/a.png=2");
    }

    @Test
    void takesPicturesWithoutLabels() throws IOException {
        pictures("a.png", "b.png");
        LabelledPictures pictures =
                LabelledPictures.of(List.of(folder.resolve("b.png"), folder.resolve("a.png")), CLASSES);
        assertThat(pictures.labelled()).isFalse();
        assertThat(pictures.size()).isEqualTo(2);
        assertThat(pictures.name(0)).isEqualTo(folder.resolve("b.png").toString());
        assertThatIllegalStateException().isThrownBy(() -> pictures.label(0));
        assertThatIllegalStateException().isThrownBy(() -> pictures.stratified(1));
    }

    @Test
    void refusesAMixtureAndWhatIsNotThere() throws IOException {
        pictures("a.png");
        Files.writeString(folder.resolve("labels.csv"), "file,label\na.png,1\n");
        Path picture = folder.resolve("a.png");
        assertThatThrownBy(() -> LabelledPictures.of(List.of(folder, picture), CLASSES))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining("folders or pictures, not both");
        assertThatThrownBy(() -> LabelledPictures.of(List.of(picture, folder), CLASSES))
                .isInstanceOf(InvalidInputException.class).hasMessageContaining("folders or pictures, not both");
        assertThatThrownBy(() -> LabelledPictures.of(List.of(folder.resolve("x")), CLASSES))
                .isInstanceOf(InvalidInputException.class).hasMessageEndingWith("x: no such file or folder");
        assertThatIllegalArgumentException().isThrownBy(() -> LabelledPictures.of(List.of(), CLASSES));
    }

    @Test
    void choosesEvenlyOverTheClasses() throws IOException {
        // Classes 0 to 3 with 5, 1, 3 and 2 pictures, mixed.
        LabelledPictures all = numbered(0, 2, 0, 3, 0, 1, 2, 0, 3, 2, 0);
        assertThat(labels(all.stratified(4))).containsExactly(0, 2, 3, 1);
        assertThat(labels(all.stratified(7))).containsExactly(0, 2, 0, 3, 1, 2, 3);
        assertThat(labels(all.stratified(9))).containsExactly(0, 2, 0, 3, 0, 1, 2, 3, 2);
        assertThat(labels(all.stratified(11))).containsExactly(labels(all));
        assertThat(labels(all.stratified(5000))).containsExactly(labels(all));
        assertThatIllegalArgumentException().isThrownBy(() -> all.stratified(0));
    }

    @Test
    void spreadsTooFewPicturesOverAllClasses() throws IOException {
        LabelledPictures all = numbered(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(labels(all.stratified(2))).containsExactly(0, 5);
        assertThat(labels(all.stratified(4))).containsExactly(0, 2, 5, 7);
        assertThat(labels(all.stratified(1))).containsExactly(0);
    }

    private LabelledPictures numbered(int... labels) throws IOException {
        StringBuilder csv = new StringBuilder("file,label\n");
        for (int i = 0; i < labels.length; i++) {
            pictures(i + ".png");
            csv.append(i).append(".png,").append(labels[i]).append('\n');
        }
        return read(csv.toString());
    }

    private static int[] labels(LabelledPictures pictures) {
        int[] labels = new int[pictures.size()];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = pictures.label(i);
        }
        return labels;
    }

    private void pictures(String... names) throws IOException {
        for (String name : names) {
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "never looked at here");
        }
    }

    private LabelledPictures read(String csv) throws IOException {
        Files.writeString(folder.resolve("labels.csv"), csv);
        return LabelledPictures.of(List.of(folder), CLASSES);
    }

    @Test
    void picturesNeedNotBeFiles() throws IOException {
        LabelledPictures all = LabelledPictures.of(List.of("p", "q", "r"), new int[] {1, 0, 1},
                picture -> RgbImage.black(picture + 1, 1));
        LabelledPictures some = all.stratified(2);
        assertThat(some.size()).isEqualTo(2);
        assertThat(some.name(1)).isEqualTo("q");
        assertThat(some.read(1).width()).isEqualTo(2);
        assertThat(all.stratified(3).read(2).width()).isEqualTo(3);
        assertThat(all.some(2, 1).read(0).width()).isEqualTo(3);
        assertThat(all.some(2, 1).label(1)).isZero();
        assertThatThrownBy(() -> all.some(1, 1)).hasMessageContaining("twice");
        assertThatThrownBy(() -> LabelledPictures.of(List.of("p"), new int[2], picture -> null))
                .hasMessageContaining("1 pictures and 2 labels");
    }

    private List<String> listed(LabelledPictures pictures) {
        List<String> list = new ArrayList<>();
        for (int i = 0; i < pictures.size(); i++) {
            Path file = folder.relativize(Path.of(pictures.name(i)));
            list.add(file.toString().replace('\\', '/') + "=" + pictures.label(i));
        }
        return list;
    }
}
