// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {IAnchorRegistry} from "../interfaces/IAnchorRegistry.sol";
import {IDisputeVerifier} from "../interfaces/IDisputeVerifier.sol";

/// @title Positional Merkle trees (CL1, commitment and batches)
/// @notice A tree of depth d has 2^d slots; nodes are H(tag || left || right), never sorted, so that a path fixes the position
/// of its leaf. Fields use tag 0x01, batches 0x05; leaves carry tags of their own.
library CL1Tree {
    bytes1 internal constant FIELD_NODE = 0x01;
    bytes1 internal constant BATCH_NODE = 0x05;
    bytes1 internal constant BATCH_LEAF = 0x04;
    uint256 internal constant MAX_DEPTH = 32;
    uint32 internal constant MAX_BATCH_SIZE = 2 ** 24 - 1;

    /// @notice The root of the batch of `size` headers that has this one at `index`.
    function batchRoot(bytes32 headerDigest, uint256 index, uint32 size, bytes32[] calldata path)
        internal
        pure
        returns (bytes32)
    {
        if (size == 0 || size > MAX_BATCH_SIZE) revert IAnchorRegistry.BatchSizeInvalid(size);
        if (index >= size) revert IDisputeVerifier.BatchIndexOutOfRange(index, size);
        bytes32 leaf = keccak256(abi.encodePacked(BATCH_LEAF, headerDigest));
        return rootFromPath(leaf, index, path, depthOf(size), BATCH_NODE);
    }

    /// @notice The root that `leaf` at slot `index` and its siblings, from the leaf upwards, lead to.
    function rootFromPath(bytes32 leaf, uint256 index, bytes32[] calldata path, uint256 depth, bytes1 tag)
        internal
        pure
        returns (bytes32 node)
    {
        if (depth > MAX_DEPTH) revert IDisputeVerifier.PathTooDeep(depth, MAX_DEPTH);
        if (path.length != depth) revert IDisputeVerifier.PathLengthWrong(path.length, depth);
        if (index >> depth != 0) revert IDisputeVerifier.PathIndexOutOfRange(index, 1 << depth);
        node = leaf;
        assembly ("memory-safe") {
            // tag || left || right: 65 bytes in free memory that nothing else holds on to
            let start := mload(0x40)
            let left := add(start, 0x01)
            let right := add(start, 0x21)
            mstore(start, tag)
            let sibling := path.offset
            for { let end := add(sibling, shl(5, depth)) } lt(sibling, end) { sibling := add(sibling, 0x20) }
            {
                switch and(index, 1)
                case 0 {
                    mstore(left, node)
                    mstore(right, calldataload(sibling))
                }
                default {
                    mstore(left, calldataload(sibling))
                    mstore(right, node)
                }
                node := keccak256(start, 0x41)
                index := shr(1, index)
            }
        }
    }

    /// @notice ceil(log2 size): the depth of a tree with `size` leaves, at least one.
    function depthOf(uint32 size) internal pure returns (uint256 depth) {
        while (uint256(1) << depth < size) ++depth;
    }
}
