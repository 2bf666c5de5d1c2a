// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IAnchorRegistry} from "./interfaces/IAnchorRegistry.sol";
import {IDisputeVerifier} from "./interfaces/IDisputeVerifier.sol";
import {IMemberRegistry} from "./interfaces/IMemberRegistry.sol";
import {ISchemaRegistry} from "./interfaces/ISchemaRegistry.sol";
import {CL1Enum} from "./libraries/CL1Enum.sol";
import {CL1Field} from "./libraries/CL1Field.sol";
import {CL1Header} from "./libraries/CL1Header.sol";
import {CL1Ladder} from "./libraries/CL1Ladder.sol";
import {CL1Tree} from "./libraries/CL1Tree.sol";

/// @title DisputeVerifier
/// @notice See IDisputeVerifier for what it promises.
contract DisputeVerifier is IDisputeVerifier {
    uint8 private constant ATTESTATIONS = 0;

    /// @notice Where the batches are on record.
    IAnchorRegistry public immutable ANCHORS;
    /// @notice Which keys are compromised.
    IMemberRegistry public immutable MEMBERS;
    /// @notice Who may issue what.
    ISchemaRegistry public immutable SCHEMAS;

    constructor(IAnchorRegistry anchors, IMemberRegistry members, ISchemaRegistry schemas) {
        ANCHORS = anchors;
        MEMBERS = members;
        SCHEMAS = schemas;
    }

    /// @inheritdoc IDisputeVerifier
    function headerDigest(Header calldata header) external pure returns (bytes32) {
        return CL1Header.digest(header);
    }

    /// @inheritdoc IDisputeVerifier
    function batchRoot(bytes32 digest, uint256 index, uint32 size, bytes32[] calldata path)
        external
        pure
        returns (bytes32)
    {
        return CL1Tree.batchRoot(digest, index, size, path);
    }

    /// @inheritdoc IDisputeVerifier
    function checkInclusion(
        IAnchorRegistry.Anchor calldata anchor,
        Header calldata header,
        uint256 index,
        bytes32[] calldata path
    ) external view returns (bool) {
        _requireBelonging(anchor, header);
        bytes32 root = CL1Tree.batchRoot(CL1Header.digest(header), index, anchor.size, path);
        return root == anchor.root && ANCHORS.isAnchored(anchor);
    }

    /// @inheritdoc IDisputeVerifier
    function checkAtLeast(
        Field calldata field,
        uint16 j,
        uint16 count,
        bytes32 headUp,
        bytes32 tipDown,
        bytes32 fieldsRoot
    ) external pure returns (bool) {
        bytes32 value = CL1Ladder.atLeast(field.schemaId, field.index, j, count, headUp, tipDown);
        return CL1Field.leadsTo(field, CL1Field.LADDER, value, fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function checkBelow(
        Field calldata field,
        uint16 j,
        uint16 count,
        bytes32 headDown,
        bytes32 tipUp,
        bytes32 fieldsRoot
    ) external pure returns (bool) {
        bytes32 value = CL1Ladder.below(field.schemaId, field.index, j, count, headDown, tipUp);
        return CL1Field.leadsTo(field, CL1Field.LADDER, value, fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function checkBetween(
        Field calldata field,
        uint16 low,
        uint16 high,
        uint16 count,
        bytes32 headUp,
        bytes32 headDown,
        bytes32 fieldsRoot
    ) external pure returns (bool) {
        bytes32 value = CL1Ladder.between(field.schemaId, field.index, low, high, count, headUp, headDown);
        return CL1Field.leadsTo(field, CL1Field.LADDER, value, fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function checkBits(
        Field calldata field,
        uint16 count,
        uint256 asked,
        uint256 opened,
        bytes32[] calldata shown,
        bytes32 fieldsRoot
    ) external pure returns (bool) {
        bytes32 value = CL1Enum.oneOf(count, asked, opened, shown);
        return CL1Field.leadsTo(field, CL1Field.ENUM, value, fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function checkCodes(
        Field calldata field,
        uint16 count,
        uint256 present,
        uint256 missing,
        bytes32[] calldata shown,
        bytes32 fieldsRoot
    ) external pure returns (bool) {
        bytes32 value = CL1Enum.codes(count, present, missing, shown);
        return CL1Field.leadsTo(field, CL1Field.CODES, value, fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function checkPlain(Field calldata field, uint8 typeByte, bytes calldata value, bytes32 fieldsRoot)
        external
        pure
        returns (bool)
    {
        return CL1Field.leadsTo(field, CL1Field.PLAIN, CL1Field.plainDigest(typeByte, value), fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function checkAbsent(Field calldata field, bytes32 fieldsRoot) external pure returns (bool) {
        return CL1Field.leadsTo(field, CL1Field.ABSENT, bytes32(0), fieldsRoot);
    }

    /// @inheritdoc IDisputeVerifier
    function settleAtLeast(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 j,
        uint16 count,
        bytes32 headUp,
        bytes32 tipDown
    ) external view returns (bytes32) {
        bytes32 schemaId = attestation.header.schemaId;
        bytes32 value = CL1Ladder.atLeast(schemaId, slot.index, j, count, headUp, tipDown);
        return _settle(attestation, slot, CL1Field.LADDER, value);
    }

    /// @inheritdoc IDisputeVerifier
    function settleBelow(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 j,
        uint16 count,
        bytes32 headDown,
        bytes32 tipUp
    ) external view returns (bytes32) {
        bytes32 schemaId = attestation.header.schemaId;
        bytes32 value = CL1Ladder.below(schemaId, slot.index, j, count, headDown, tipUp);
        return _settle(attestation, slot, CL1Field.LADDER, value);
    }

    /// @inheritdoc IDisputeVerifier
    function settleBetween(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 low,
        uint16 high,
        uint16 count,
        bytes32 headUp,
        bytes32 headDown
    ) external view returns (bytes32) {
        bytes32 schemaId = attestation.header.schemaId;
        bytes32 value = CL1Ladder.between(schemaId, slot.index, low, high, count, headUp, headDown);
        return _settle(attestation, slot, CL1Field.LADDER, value);
    }

    /// @inheritdoc IDisputeVerifier
    function settleBits(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 count,
        uint256 asked,
        uint256 opened,
        bytes32[] calldata shown
    ) external view returns (bytes32) {
        return _settle(attestation, slot, CL1Field.ENUM, CL1Enum.oneOf(count, asked, opened, shown));
    }

    /// @inheritdoc IDisputeVerifier
    function settleCodes(
        Attestation calldata attestation,
        Slot calldata slot,
        uint16 count,
        uint256 present,
        uint256 missing,
        bytes32[] calldata shown
    ) external view returns (bytes32) {
        return _settle(attestation, slot, CL1Field.CODES, CL1Enum.codes(count, present, missing, shown));
    }

    /// @inheritdoc IDisputeVerifier
    function settlePlain(
        Attestation calldata attestation,
        Slot calldata slot,
        uint8 typeByte,
        bytes calldata value
    ) external view returns (bytes32) {
        return _settle(attestation, slot, CL1Field.PLAIN, CL1Field.plainDigest(typeByte, value));
    }

    /// @inheritdoc IDisputeVerifier
    function settleAbsent(Attestation calldata attestation, Slot calldata slot)
        external
        view
        returns (bytes32)
    {
        return _settle(attestation, slot, CL1Field.ABSENT, bytes32(0));
    }

    /// @dev Rules in the order of the settle functions' promise; schemaId and fieldsRoot come from the header alone.
    function _settle(Attestation calldata attestation, Slot calldata slot, bytes1 mode, bytes32 value)
        private
        view
        returns (bytes32 digest)
    {
        IAnchorRegistry.Anchor calldata anchor = attestation.anchor;
        Header calldata header = attestation.header;
        _requireBelonging(anchor, header);
        digest = CL1Header.digest(header);
        bytes32 root = CL1Tree.batchRoot(digest, attestation.index, anchor.size, attestation.path);
        if (root != anchor.root) revert BatchRootWrong(root, anchor.root);
        if (!ANCHORS.isAnchored(anchor)) revert AnchorNotOnRecord(anchor.member, anchor.number);
        _requireIssuer(header.schemaId, anchor);
        _requireKey(anchor);
        _requireLive(anchor.member, anchor.start + uint64(attestation.index), header.validUntil);
        bytes32 fieldsRoot = CL1Field.root(header.schemaId, slot, mode, value);
        if (fieldsRoot != header.fieldsRoot) revert FieldRootWrong(fieldsRoot, header.fieldsRoot);
    }

    function _requireIssuer(bytes32 schemaId, IAnchorRegistry.Anchor calldata anchor) private view {
        (uint64 from, uint64 until) = SCHEMAS.issuerPeriod(schemaId, anchor.member);
        if (anchor.anchoredAt < from || anchor.anchoredAt >= until) {
            revert IssuerNotAllowedThen(schemaId, anchor.member, anchor.anchoredAt);
        }
    }

    /// @dev Whether the key was the member's and in its period then is what the registry required when it anchored.
    function _requireKey(IAnchorRegistry.Anchor calldata anchor) private view {
        uint64 from = MEMBERS.keyRecord(anchor.member, anchor.key).compromisedFrom;
        if (from != 0 && anchor.anchoredAt >= from) revert AnchorKeyCompromised(anchor.key, from);
    }

    function _requireLive(bytes32 member, uint64 position, uint64 validUntil) private view {
        (bool revoked, bool superseded) = ANCHORS.statusOf(member, position);
        if (revoked) revert AttestationRevoked(member, position);
        if (superseded) revert AttestationSuperseded(member, position);
        if (block.timestamp >= validUntil) revert AttestationExpired(validUntil);
    }

    /// @dev What a header says itself about where it belongs.
    function _requireBelonging(IAnchorRegistry.Anchor calldata anchor, Header calldata header) private view {
        if (anchor.stream != ATTESTATIONS) revert AnchorStreamWrong(anchor.stream);
        if (header.chainId != block.chainid) revert HeaderChainWrong(header.chainId, block.chainid);
        if (header.anchorRegistry != address(ANCHORS)) {
            revert HeaderRegistryWrong(header.anchorRegistry, address(ANCHORS));
        }
        if (header.issuer != anchor.member) revert HeaderIssuerWrong(header.issuer, anchor.member);
    }
}
