package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.image.PictureLimits;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.Preprocessor;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever a caller has of a picture, and however many, the answers are the same. */
class ClassifierInputsTest {

    private static final Path PICTURES = TestData.path("demo/pictures");
    private static final Path CUP = PICTURES.resolve("cup.png");

    private static Classifier classifier;
    private static byte[] bytes;
    private static Classification expected;

    @BeforeAll
    static void load() throws IOException {
        classifier = Classifier.load(TestData.path("demo/model")).with(Reducers.parse("tome:r=8"));
        bytes = Files.readAllBytes(CUP);
        expected = classifier.run(Pictures.read(CUP), 5);
    }

    private static void assertSame(Classification answer, Classification expected) {
        assertThat(answer.predictions()).isEqualTo(expected.predictions());
        assertThat(answer.logits()).isEqualTo(expected.logits());
        assertThat(answer.embedding()).isEqualTo(expected.embedding());
        assertThat(answer.tokens()).isEqualTo(expected.tokens());
        assertThat(answer.macs()).isEqualTo(expected.macs());
    }

    @Test
    void everyKindOfInputGivesTheSame() throws IOException {
        ByteBuffer padded = ByteBuffer.allocateDirect(bytes.length + 20);
        padded.position(7);
        padded.put(bytes).flip().position(7);
        InputStream stream = new ByteArrayInputStream(bytes);
        assertThat(classifier.classify(bytes, 5)).isEqualTo(expected.predictions());
        assertThat(classifier.classify(padded, 5)).isEqualTo(expected.predictions());
        assertThat(padded.position()).isEqualTo(7);
        assertThat(classifier.classify(stream, 5)).isEqualTo(expected.predictions());
        assertThat(stream.read()).isEqualTo(-1);
        assertThat(classifier.embed(bytes)).isEqualTo(expected.embedding());
        assertThat(classifier.embed(padded)).isEqualTo(expected.embedding());
        assertThat(classifier.embed(new ByteArrayInputStream(bytes))).isEqualTo(expected.embedding());
        assertThat(classifier.embed(CUP)).isEqualTo(expected.embedding());
        assertSame(classifier.run(Picture.of(CUP), 5), expected);
        float[] input = new float[3 * 96 * 96];
        new Preprocessor(classifier.preprocessing()).apply(Pictures.read(CUP), input, 0);
        assertSame(classifier.run(Picture.ofInput(input), 5), expected);
        assertThat(classifier.model().inference().with(classifier.reducer()).logits(input, 1))
                .isEqualTo(expected.logits());
        assertSame(classifier.trace(Picture.of(bytes), 5).classification(), expected);
    }

    @Test
    void aBrokenPictureAmongManyIsThatOnesErrorAlone() throws IOException {
        List<Path> files = new ArrayList<>();
        try (var list = Files.list(PICTURES)) {
            list.filter(file -> file.toString().endsWith(".png")).sorted().forEach(files::add);
        }
        List<Picture> pictures = new ArrayList<>(files.stream().map(Picture::of).toList());
        pictures.add(3, Picture.of(new byte[] {1, 2, 3}));
        pictures.add(0, Picture.of(PICTURES.resolve("none.png")));
        pictures.add(Picture.ofInput(new float[4]));
        pictures.add(Picture.of(new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("the line went dead");
            }
        }));
        List<Outcome<Classification>> outcomes = classifier.with(CallLimits.usual().withBatch(5)).run(pictures, 3);
        assertThat(outcomes).hasSameSizeAs(pictures);
        assertThatThrownBy(outcomes.get(0)::get).isInstanceOf(InvalidInputException.class)
                .hasMessageEndingWith("none.png: no such file");
        assertThatThrownBy(outcomes.get(4)::get).isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("is not a JPEG or PNG picture");
        assertThatThrownBy(outcomes.get(outcomes.size() - 2)::get).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the input has 4 values, the model takes 27648");
        assertThatThrownBy(outcomes.get(outcomes.size() - 1)::get).isInstanceOf(IOException.class)
                .hasMessage("the line went dead");
        int sound = 0;
        for (Outcome<Classification> outcome : outcomes) {
            if (outcome.isSound()) {
                assertSame(outcome.get(), classifier.run(Picture.of(files.get(sound++)), 3));
            }
        }
        assertThat(sound).isEqualTo(files.size());
        assertThat(classifier.classify(pictures.subList(0, 2), 3).get(1).get())
                .isEqualTo(classifier.classify(files.get(0), 3));
        assertThat(classifier.embed(pictures.subList(0, 2)).get(1).get()).isEqualTo(classifier.embed(files.get(0)));
        assertThat(classifier.run(List.of(), 3)).isEmpty();
    }

    @Test
    void streamsAndBuffersAreReadNoFurtherThanTheLimit() {
        Classifier small = classifier.with(new PictureLimits(1 << 20, 1 << 10, 100, 1));
        int[] read = {0};
        InputStream endless = new InputStream() {
            @Override
            public int read() {
                read[0]++;
                return 0;
            }
        };
        assertThatThrownBy(() -> small.classify(endless, 1)).isInstanceOf(InvalidInputException.class)
                .hasMessage("picture: is larger than the limit of 100 bytes");
        assertThat(read[0]).isLessThanOrEqualTo(101);
        assertThatThrownBy(() -> small.classify(ByteBuffer.wrap(bytes), 1)).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> small.classify(bytes, 1)).isInstanceOf(InvalidInputException.class);
        assertThatThrownBy(() -> small.classify(CUP, 1)).isInstanceOf(InvalidInputException.class);
    }

    @Test
    void nullsAreRefusedAtTheDoor() {
        assertThatThrownBy(() -> classifier.classify((byte[]) null, 1)).isInstanceOf(NullPointerException.class)
                .hasMessage("file");
        assertThatThrownBy(() -> Picture.of((Path) null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> new Prediction(0, null, 1)).isInstanceOf(NullPointerException.class)
                .hasMessage("label");
        assertThatThrownBy(() -> classifier.run(Picture.of(bytes), -1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("top is -1, expected 0 or more");
        assertThatThrownBy(() -> classifier.trace(Picture.ofInput(new float[27648]), 1))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no picture");
    }
}
