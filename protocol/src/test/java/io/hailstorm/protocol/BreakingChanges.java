package io.hailstorm.protocol;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumValueDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Compares a descriptor set with a released one and lists what would break a peer that was built against
 * the release: on the wire, in the log, or in generated code. Additions are never listed.
 */
final class BreakingChanges {
    private final List<String> found = new ArrayList<>();

    private BreakingChanges() {}

    /** One line a change, naming the element by its full name; empty when {@code current} is compatible. */
    static List<String> between(FileDescriptorSet released, FileDescriptorSet current) {
        BreakingChanges changes = new BreakingChanges();
        Map<String, FileDescriptorProto> currentFiles = byName(current.getFileList(), FileDescriptorProto::getName);
        for (FileDescriptorProto before : released.getFileList()) {
            FileDescriptorProto after = currentFiles.get(before.getName());
            if (after == null) {
                changes.add("file %s was removed", before.getName());
            } else {
                changes.compareFiles(before, after);
            }
        }
        return changes.found;
    }

    private void compareFiles(FileDescriptorProto before, FileDescriptorProto after) {
        String file = "file " + before.getName();
        changed(file, "package", before.getPackage(), after.getPackage());
        changed(
                file,
                "java_package",
                before.getOptions().getJavaPackage(),
                after.getOptions().getJavaPackage());
        String scope = before.getPackage();
        compareMessages(scope, before.getMessageTypeList(), after.getMessageTypeList());
        compareEnums(scope, before.getEnumTypeList(), after.getEnumTypeList());
        Map<String, ServiceDescriptorProto> services = byName(after.getServiceList(), ServiceDescriptorProto::getName);
        for (ServiceDescriptorProto service : before.getServiceList()) {
            String name = scope + "." + service.getName();
            ServiceDescriptorProto counterpart = services.get(service.getName());
            if (counterpart == null) {
                add("service %s was removed", name);
            } else {
                compareMethods(name, service, counterpart);
            }
        }
    }

    private void compareMethods(String service, ServiceDescriptorProto before, ServiceDescriptorProto after) {
        Map<String, MethodDescriptorProto> methods = byName(after.getMethodList(), MethodDescriptorProto::getName);
        for (MethodDescriptorProto method : before.getMethodList()) {
            String name = service + "." + method.getName();
            MethodDescriptorProto counterpart = methods.get(method.getName());
            if (counterpart == null) {
                add("method %s was removed", name);
                continue;
            }
            String element = "method " + name;
            changed(element, "request type", method.getInputType(), counterpart.getInputType());
            changed(element, "response type", method.getOutputType(), counterpart.getOutputType());
            changed(element, "client streaming", method.getClientStreaming(), counterpart.getClientStreaming());
            changed(element, "server streaming", method.getServerStreaming(), counterpart.getServerStreaming());
        }
    }

    private void compareMessages(String scope, List<DescriptorProto> before, List<DescriptorProto> after) {
        Map<String, DescriptorProto> messages = byName(after, DescriptorProto::getName);
        for (DescriptorProto message : before) {
            String name = scope + "." + message.getName();
            DescriptorProto counterpart = messages.get(message.getName());
            if (counterpart == null) {
                add("message %s was removed", name);
                continue;
            }
            compareFields(name, message, counterpart);
            compareMessages(name, message.getNestedTypeList(), counterpart.getNestedTypeList());
            compareEnums(name, message.getEnumTypeList(), counterpart.getEnumTypeList());
        }
    }

    private void compareFields(String message, DescriptorProto before, DescriptorProto after) {
        Map<Integer, FieldDescriptorProto> byNumber = new LinkedHashMap<>();
        Map<String, FieldDescriptorProto> fieldsByName = byName(after.getFieldList(), FieldDescriptorProto::getName);
        after.getFieldList().forEach(field -> byNumber.put(field.getNumber(), field));
        for (FieldDescriptorProto field : before.getFieldList()) {
            String element = "field " + message + "." + field.getName();
            FieldDescriptorProto sameName = fieldsByName.get(field.getName());
            FieldDescriptorProto sameNumber = byNumber.get(field.getNumber());
            if (sameName != null && sameName.getNumber() != field.getNumber()) {
                changed(element, "number", field.getNumber(), sameName.getNumber());
            } else if (sameNumber == null) {
                add("%s (number %d) was removed", element, field.getNumber());
            } else {
                changed(element, "name", field.getName(), sameNumber.getName());
                changed(element, "type", typeOf(field), typeOf(sameNumber));
                changed(element, "cardinality", cardinalityOf(field), cardinalityOf(sameNumber));
                changed(element, "oneof", oneofOf(before, field), oneofOf(after, sameNumber));
            }
        }
    }

    private void compareEnums(String scope, List<EnumDescriptorProto> before, List<EnumDescriptorProto> after) {
        Map<String, EnumDescriptorProto> enums = byName(after, EnumDescriptorProto::getName);
        for (EnumDescriptorProto type : before) {
            String name = scope + "." + type.getName();
            EnumDescriptorProto counterpart = enums.get(type.getName());
            if (counterpart == null) {
                add("enum %s was removed", name);
                continue;
            }
            Map<String, EnumValueDescriptorProto> values =
                    byName(counterpart.getValueList(), EnumValueDescriptorProto::getName);
            for (EnumValueDescriptorProto value : type.getValueList()) {
                EnumValueDescriptorProto same = values.get(value.getName());
                if (same == null) {
                    add("enum value %s.%s (number %d) was removed", name, value.getName(), value.getNumber());
                } else {
                    changed(
                            "enum value " + name + "." + value.getName(),
                            "number",
                            value.getNumber(),
                            same.getNumber());
                }
            }
        }
    }

    private static String typeOf(FieldDescriptorProto field) {
        return field.hasTypeName() ? field.getTypeName() : field.getType().name();
    }

    private static String cardinalityOf(FieldDescriptorProto field) {
        return field.getProto3Optional() ? "optional" : field.getLabel().name();
    }

    /** The oneof as written in the file; the one protoc makes for {@code optional} is not counted. */
    private static String oneofOf(DescriptorProto message, FieldDescriptorProto field) {
        return field.hasOneofIndex() && !field.getProto3Optional()
                ? message.getOneofDecl(field.getOneofIndex()).getName()
                : "none";
    }

    private void changed(String element, String property, Object before, Object after) {
        if (!before.equals(after)) {
            add("%s changed its %s from %s to %s", element, property, before, after);
        }
    }

    @com.google.errorprone.annotations.FormatMethod
    private void add(String format, Object... args) {
        found.add(String.format(java.util.Locale.ROOT, format, args));
    }

    private static <T> Map<String, T> byName(List<T> elements, Function<T, String> name) {
        Map<String, T> map = new LinkedHashMap<>();
        elements.forEach(element -> map.put(name.apply(element), element));
        return map;
    }
}
