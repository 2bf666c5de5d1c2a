// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IDisputeVerifier} from "../interfaces/IDisputeVerifier.sol";
import {CL1Tree} from "./CL1Tree.sol";

/// @title Leaves of the tree of fields (CL1, commitment)
library CL1Field {
    bytes1 internal constant LEAF = 0x00;
    bytes1 internal constant PLAIN_VALUE = 0x10;

    /// @dev Mode bytes: a leaf says how its value is committed to, so no mode passes for another one.
    bytes1 internal constant PLAIN = 0x01;
    bytes1 internal constant LADDER = 0x02;
    bytes1 internal constant ENUM = 0x03;
    bytes1 internal constant CODES = 0x04;
    bytes1 internal constant ABSENT = 0xff;

    /// @dev Type bytes of plain values.
    uint8 internal constant INTEGER = 0x01;
    uint8 internal constant DATE = 0x02;
    uint8 internal constant TEXT = 0x03;
    uint8 internal constant CODE = 0x04;
    uint8 internal constant BOOL = 0x05;
    uint256 internal constant MAX_TEXT_BYTES = 1024;

    /// @notice Whether the field, in this mode and with this value digest, is committed to under `fieldsRoot`.
    function leadsTo(
        IDisputeVerifier.Field calldata field,
        bytes1 mode,
        bytes32 valueDigest,
        bytes32 fieldsRoot
    ) internal pure returns (bool) {
        bytes32 leaf = leafDigest(field.schemaId, field.index, mode, field.salt, valueDigest);
        return
            CL1Tree.rootFromPath(leaf, field.index, field.path, field.depth, CL1Tree.FIELD_NODE) == fieldsRoot;
    }

    /// @notice The fieldsRoot that the field, in this mode and with this value digest, leads to.
    function root(bytes32 schemaId, IDisputeVerifier.Slot calldata slot, bytes1 mode, bytes32 valueDigest)
        internal
        pure
        returns (bytes32)
    {
        bytes32 leaf = leafDigest(schemaId, slot.index, mode, slot.salt, valueDigest);
        return CL1Tree.rootFromPath(leaf, slot.index, slot.path, slot.depth, CL1Tree.FIELD_NODE);
    }

    /// @notice leaf_i = H(0x00 || schemaId || u16 i || u8 mode || salt_i || vd_i), always 100 bytes in.
    function leafDigest(bytes32 schemaId, uint16 index, bytes1 mode, bytes32 salt, bytes32 valueDigest)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(LEAF, schemaId, index, mode, salt, valueDigest));
    }

    /// @notice vd plain = H(0x10 || typeByte || canonical value).
    /// @dev That a text is NFC and a code printable ASCII was the issuer's to keep; here it is bytes.
    function plainDigest(uint8 typeByte, bytes calldata value) internal pure returns (bytes32) {
        if (typeByte < INTEGER || typeByte > BOOL) revert IDisputeVerifier.PlainTypeUnknown(typeByte);
        if (!isOfType(typeByte, value)) revert IDisputeVerifier.PlainValueMalformed(typeByte, value.length);
        return keccak256(abi.encodePacked(PLAIN_VALUE, typeByte, value));
    }

    /// @notice Whether the length, and for a boolean the byte, is a canonical one of the type.
    function isOfType(uint8 typeByte, bytes calldata value) internal pure returns (bool) {
        if (typeByte == INTEGER) return value.length == 16;
        if (typeByte == DATE) return value.length == 4;
        if (typeByte == BOOL) return value.length == 1 && uint8(value[0]) <= 1;
        return value.length != 0 && value.length <= MAX_TEXT_BYTES;
    }
}
