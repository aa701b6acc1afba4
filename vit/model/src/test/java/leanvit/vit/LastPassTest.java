package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import leanvit.testdata.TestData;
import org.junit.jupiter.api.Test;

class LastPassTest {

    @Test
    void tokensAndMacsSpeakOfTheLastPassAlone() throws IOException {
        VisionTransformer model = VisionTransformer.load(TestData.path("demo/model"));
        Inference run = model.inference();
        int values = 3 * model.config().imageHeight() * model.config().imageWidth();
        assertThatThrownBy(() -> run.macs(0)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("image 0, but the last pass had 0 images");
        run.logits(new float[2 * values], 2);
        assertThat(run.tokens(0, 1)).isEqualTo(model.shape().tokens());
        assertThat(run.macs(1)).isEqualTo(run.macs(0));
        run.features(new float[values], 1);
        assertThat(run.tokens(0, 0)).isEqualTo(model.shape().tokens());
        assertThatThrownBy(() -> run.tokens(0, 1)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("image 1, but the last pass had 1 images");
        assertThatThrownBy(() -> run.macs(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> run.tokens(model.shape().depth(), 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
