package io.hailstorm.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.OneofDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class BreakingChangesTest {
    private static final FileDescriptorProto RELEASED = FileDescriptorProto.newBuilder()
            .setName("shop.proto")
            .setPackage("shop.v1")
            .setSyntax("proto3")
            .addMessageType(DescriptorProto.newBuilder()
                    .setName("Order")
                    .addField(field("price", 1, FieldDescriptorProto.Type.TYPE_INT64))
                    .addField(field("note", 2, FieldDescriptorProto.Type.TYPE_STRING))
                    .addField(field("card", 3, FieldDescriptorProto.Type.TYPE_STRING)
                            .setOneofIndex(0))
                    .addOneofDecl(OneofDescriptorProto.newBuilder().setName("payment"))
                    .addNestedType(DescriptorProto.newBuilder()
                            .setName("Line")
                            .addField(field("amount", 1, FieldDescriptorProto.Type.TYPE_INT32))))
            .addEnumType(EnumDescriptorProto.newBuilder()
                    .setName("State")
                    .addValue(EnumValueDescriptorProto.newBuilder()
                            .setName("STATE_UNSPECIFIED")
                            .setNumber(0))
                    .addValue(EnumValueDescriptorProto.newBuilder()
                            .setName("OPEN")
                            .setNumber(1)))
            .addService(ServiceDescriptorProto.newBuilder()
                    .setName("Shop")
                    .addMethod(MethodDescriptorProto.newBuilder()
                            .setName("Buy")
                            .setInputType(".shop.v1.Order")
                            .setOutputType(".shop.v1.Order")))
            .build();

    @Test
    void findsNothingBetweenTheReleaseAndToday() throws Exception {
        assertThat(BreakingChanges.between(DescriptorSets.released(), DescriptorSets.current()))
                .as("deprecate instead of changing; protocol/README.md tells how")
                .isEmpty();
    }

    @Test
    void letsAnythingBeAdded() {
        assertThat(changes(file -> {
                    file.addMessageTypeBuilder().setName("Basket");
                    file.getMessageTypeBuilder(0).addField(field("tip", 9, FieldDescriptorProto.Type.TYPE_INT64));
                    file.getEnumTypeBuilder(0)
                            .addValueBuilder()
                            .setName("CLOSED")
                            .setNumber(2);
                    file.addServiceBuilder().setName("Stock");
                    file.getServiceBuilder(0)
                            .addMethodBuilder()
                            .setName("Return")
                            .setInputType(".shop.v1.Order")
                            .setOutputType(".shop.v1.Order");
                }))
                .isEmpty();
    }

    @Test
    void namesARemovedField() {
        assertThat(changes(file -> file.getMessageTypeBuilder(0).removeField(1)))
                .containsExactly("field shop.v1.Order.note (number 2) was removed");
    }

    @Test
    void namesARenumberedField() {
        assertThat(changes(
                        file -> file.getMessageTypeBuilder(0).getFieldBuilder(0).setNumber(7)))
                .containsExactly("field shop.v1.Order.price changed its number from 1 to 7");
    }

    @Test
    void namesARenamedField() {
        assertThat(changes(
                        file -> file.getMessageTypeBuilder(0).getFieldBuilder(0).setName("cost")))
                .containsExactly("field shop.v1.Order.price changed its name from price to cost");
    }

    @Test
    void namesARetypedFieldInANestedMessage() {
        assertThat(changes(file -> file.getMessageTypeBuilder(0)
                        .getNestedTypeBuilder(0)
                        .getFieldBuilder(0)
                        .setType(FieldDescriptorProto.Type.TYPE_SINT32)))
                .containsExactly("field shop.v1.Order.Line.amount changed its type from TYPE_INT32 to TYPE_SINT32");
    }

    @Test
    void namesAChangedCardinality() {
        assertThat(changes(file -> file.getMessageTypeBuilder(0)
                        .getFieldBuilder(1)
                        .setLabel(FieldDescriptorProto.Label.LABEL_REPEATED)))
                .containsExactly(
                        "field shop.v1.Order.note changed its cardinality from LABEL_OPTIONAL to LABEL_REPEATED");
    }

    @Test
    void namesAFieldThatLeftItsOneof() {
        assertThat(changes(
                        file -> file.getMessageTypeBuilder(0).getFieldBuilder(2).clearOneofIndex()))
                .containsExactly("field shop.v1.Order.card changed its oneof from payment to none");
    }

    @Test
    void namesARemovedEnumValue() {
        assertThat(changes(file -> file.getEnumTypeBuilder(0).removeValue(1)))
                .containsExactly("enum value shop.v1.State.OPEN (number 1) was removed");
    }

    @Test
    void namesARenumberedEnumValue() {
        assertThat(changes(file -> file.getEnumTypeBuilder(0).getValueBuilder(1).setNumber(4)))
                .containsExactly("enum value shop.v1.State.OPEN changed its number from 1 to 4");
    }

    @Test
    void namesARemovedMessageEnumServiceMethodAndFile() {
        assertThat(changes(file -> file.removeMessageType(0))).containsExactly("message shop.v1.Order was removed");
        assertThat(changes(file -> file.removeEnumType(0))).containsExactly("enum shop.v1.State was removed");
        assertThat(changes(file -> file.removeService(0))).containsExactly("service shop.v1.Shop was removed");
        assertThat(changes(file -> file.getServiceBuilder(0).removeMethod(0)))
                .containsExactly("method shop.v1.Shop.Buy was removed");
        assertThat(changes(file -> file.setName("store.proto"))).containsExactly("file shop.proto was removed");
    }

    @Test
    void namesAMethodThatStartsToStream() {
        assertThat(changes(file -> file.getServiceBuilder(0).getMethodBuilder(0).setServerStreaming(true)))
                .containsExactly("method shop.v1.Shop.Buy changed its server streaming from false to true");
        assertThat(changes(file -> file.getServiceBuilder(0).getMethodBuilder(0).setClientStreaming(true)))
                .containsExactly("method shop.v1.Shop.Buy changed its client streaming from false to true");
    }

    @Test
    void namesAMethodWithOtherMessages() {
        assertThat(changes(file -> file.getServiceBuilder(0).getMethodBuilder(0).setOutputType(".shop.v1.Receipt")))
                .containsExactly(
                        "method shop.v1.Shop.Buy changed its response type from .shop.v1.Order to .shop.v1.Receipt");
    }

    @Test
    void namesAChangedPackage() {
        assertThat(changes(file -> file.setPackage("shop.v2")))
                .contains("file shop.proto changed its package from shop.v1 to shop.v2");
    }

    private static List<String> changes(Consumer<FileDescriptorProto.Builder> mutation) {
        FileDescriptorProto.Builder mutated = RELEASED.toBuilder();
        mutation.accept(mutated);
        return BreakingChanges.between(
                FileDescriptorSet.newBuilder().addFile(RELEASED).build(),
                FileDescriptorSet.newBuilder().addFile(mutated).build());
    }

    private static FieldDescriptorProto.Builder field(String name, int number, FieldDescriptorProto.Type type) {
        return FieldDescriptorProto.newBuilder()
                .setName(name)
                .setNumber(number)
                .setType(type)
                .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL);
    }
}
