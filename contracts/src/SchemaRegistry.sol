// SPDX-License-Identifier: Apache-2.0
pragma solidity =0.8.37;

import {CouncilOwned} from "./CouncilOwned.sol";
import {ISchemaRegistry} from "./interfaces/ISchemaRegistry.sol";

/// @title SchemaRegistry
/// @notice See ISchemaRegistry for what it promises.
contract SchemaRegistry is ISchemaRegistry, CouncilOwned {
    struct Schema {
        uint64 registeredAt;
        string name;
    }

    struct Period {
        uint64 from;
        uint64 until;
    }

    mapping(bytes32 schemaId => Schema) private _schemas;
    mapping(bytes32 schemaId => mapping(bytes32 member => Period)) private _periods;
    mapping(bytes32 name => bytes32 digest) private _documents;

    constructor(address council) CouncilOwned(council) {}

    /// @inheritdoc ISchemaRegistry
    function register(bytes32 schemaId, string calldata name) external onlyOwner {
        if (schemaId == 0) revert SchemaIdZero();
        if (_schemas[schemaId].registeredAt != 0) revert SchemaExists(schemaId);

        uint64 registeredAt = uint64(block.timestamp);
        _schemas[schemaId] = Schema(registeredAt, name);

        emit SchemaRegistered(schemaId, registeredAt, name);
    }

    /// @inheritdoc ISchemaRegistry
    function allowIssuer(bytes32 schemaId, bytes32 member) external onlyOwner {
        if (_schemas[schemaId].registeredAt == 0) revert SchemaUnknown(schemaId);
        if (member == 0) revert IssuerZero();
        if (_periods[schemaId][member].from != 0) revert IssuerPeriodExists(schemaId, member);

        uint64 from = uint64(block.timestamp);
        _periods[schemaId][member] = Period(from, type(uint64).max);

        emit IssuerAllowed(schemaId, member, from);
    }

    /// @inheritdoc ISchemaRegistry
    function disallowIssuer(bytes32 schemaId, bytes32 member) external onlyOwner {
        Period storage period = _periods[schemaId][member];
        if (period.until != type(uint64).max) revert IssuerNotAllowed(schemaId, member);

        uint64 until = uint64(block.timestamp);
        period.until = until;

        emit IssuerDisallowed(schemaId, member, until);
    }

    /// @inheritdoc ISchemaRegistry
    function setDocument(bytes32 name, bytes32 digest) external onlyOwner {
        if (name == 0) revert DocumentNameZero();

        _documents[name] = digest;

        emit DocumentSet(name, digest);
    }

    /// @inheritdoc ISchemaRegistry
    function documentOf(bytes32 name) external view returns (bytes32 digest) {
        return _documents[name];
    }

    /// @inheritdoc ISchemaRegistry
    function schemaOf(bytes32 schemaId) external view returns (uint64 registeredAt, string memory name) {
        Schema storage schema = _schemas[schemaId];
        return (schema.registeredAt, schema.name);
    }

    /// @inheritdoc ISchemaRegistry
    function issuerPeriod(bytes32 schemaId, bytes32 member)
        external
        view
        returns (uint64 from, uint64 until)
    {
        Period storage period = _periods[schemaId][member];
        return (period.from, period.until);
    }
}
