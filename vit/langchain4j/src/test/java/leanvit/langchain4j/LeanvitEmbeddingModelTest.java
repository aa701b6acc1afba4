package leanvit.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ContentType;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import leanvit.testdata.TestData;
import leanvit.vit.Classifier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The library's own vectors by way of LangChain4j's interface. */
class LeanvitEmbeddingModelTest {

    private static final Path DEMO = TestData.directory().resolve("demo");
    private static final Path CUP = DEMO.resolve("pictures/cup.png");

    private static Classifier classifier;
    private static EmbeddingModel model;

    @BeforeAll
    static void load() throws IOException {
        classifier = Classifier.load(DEMO.resolve("model"));
        model = new LeanvitEmbeddingModel(classifier);
    }

    private static List<Embedding> embed(Content... contents) {
        return model.embed(EmbeddingRequest.builder()
                .inputs(Stream.of(contents).map(EmbeddingInput::from).toList()).build()).embeddings();
    }

    @Test
    void imagesOfEveryKind() throws IOException {
        String base64 = Base64.getEncoder().encodeToString(Files.readAllBytes(CUP));
        Path car = DEMO.resolve("pictures/car.png");
        List<Embedding> found = embed(ImageContent.from(CUP, "image/png"), ImageContent.from(base64, "image/png"),
                ImageContent.from(CUP.toUri()), ImageContent.from(URI.create("data:image/png;base64," + base64)),
                ImageContent.from(car.toUri()));
        assertThat(found).hasSize(5);
        for (Embedding embedding : found.subList(0, 4)) {
            assertThat(embedding.vector()).isEqualTo(classifier.embed(CUP));
        }
        assertThat(found.get(4).vector()).isEqualTo(classifier.embed(car));
    }

    @Test
    void saysWhatItIs() {
        assertThat(model.dimension()).isEqualTo(96);
        assertThat(model.modelName()).isEqualTo("vit_demo_patch8_96");
        assertThat(model.supportedContentTypes()).containsExactly(ContentType.IMAGE);
    }

    @Test
    void whatCannotBeIsRefusedByName() {
        assertThatThrownBy(() -> embed(ImageContent.from("AAAA", "image/png")))
                .isInstanceOf(InvalidRequestException.class).hasMessageContaining("input 0: ");
        assertThatThrownBy(() -> embed(ImageContent.from("%%", "image/png")))
                .isInstanceOf(InvalidRequestException.class).hasMessageContaining("input 0: is no base64");
        assertThatThrownBy(() -> embed(ImageContent.from(URI.create("https://example.org/cup.png"))))
                .isInstanceOf(UnsupportedFeatureException.class).hasMessageContaining("https://example.org/cup.png");
        assertThatThrownBy(() -> embed(ImageContent.from(CUP.toUri()), TextContent.from("a cup")))
                .isInstanceOf(UnsupportedFeatureException.class);
        assertThatThrownBy(() -> model.embed("a cup")).isInstanceOf(UnsupportedFeatureException.class);
    }
}
